"""Law, knowledge, families and rules as files, and the loader that reads them. Content is data: nothing here runs SQL."""

from hengjian.rulebook.loader import load_rulebook
from hengjian.rulebook.model import Basis, Example, Family, KnowledgeRow, Law, Rule, Rulebook

__all__ = ["Basis", "Example", "Family", "KnowledgeRow", "Law", "Rule", "Rulebook", "load_rulebook"]
