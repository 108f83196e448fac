"""May this person do this to this review? Each check raises NotAllowed with its reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.accounts.queries import own_institution
from hengjian.apps.accounts.roles import ROLES
from hengjian.apps.clues.policies import barred_from
from hengjian.apps.review.models import Review, Step
from hengjian.apps.review.states import VERBS


def check_can(verb: str, by: User, review: Review, day: date) -> None:
    """Raises NotAllowed unless one of the verb's acts is the person's, in this region or for this institution."""
    acts = VERBS[verb].acts
    if any(a.startswith("desk.") for a in acts):
        check_own_desk(acts[0], by, review, day)
        return
    for act in acts:
        if rights.can(by, act, day, review.region_code):
            rights.check_posts_agree(by, day)
            check_not_barred(by, review)
            return
    rights.check(by, acts[0], day, review.region_code)


def check_not_barred(by: User, review: Review) -> None:
    """Raises NotAllowed where the person has to stand aside from the institution."""
    if review.institution_code and review.institution_code in barred_from(by):
        raise NotAllowed("这家机构您应当回避", why="登记了回避，或是您所在的单位", cure="请同事办理")


def check_own_desk(act: str, by: User, review: Review, day: date) -> None:
    """Raises NotAllowed unless the person works at the desk of the institution the finding is about."""
    rights.check(by, act, day)
    if not review.institution_code or own_institution(by, act, day) != review.institution_code:
        raise NotAllowed("这条疑点不是您所在机构的", why="各机构只办理自己的疑点", cure="回到本机构的疑点列表")


def check_owner(by: User, review: Review) -> None:
    """Raises NotAllowed where a colleague has the review in hand."""
    if review.owner_id not in (None, by.pk):
        raise NotAllowed(f"这一条由{review.owner}承办", why="一条疑点一个承办人", cure="请承办人办理，或请科长改派")


def check_step(by: User, step: Step, review: Review, day: date) -> None:
    """Raises NotAllowed unless the person holds the post that the office set for this step."""
    if step.owner_role not in {p.role for p in rights.posts_on(by, day)}:
        wanted = ROLES[step.owner_role].title
        raise NotAllowed(
            f"{step.get_code_display()}由{wanted}承办", why=f"环节设置自 {step.valid_from} 起这样定", cure=f"请{wanted}办理"
        )


def is_above(step: Step, amount: Decimal) -> bool:
    """Whether an amount lies above what the step's owner may decide alone."""
    return step.max_amount is not None and amount > step.max_amount


def check_authority(by: User, step: Step, review: Review, amount: Decimal, day: date) -> None:
    """Raises NotAllowed where the amount needs a higher hand, or where a higher hand would do the reviewer's daily work."""
    if is_above(step, amount):
        if not rights.can(by, "review.approve", day, review.region_code):
            raise NotAllowed(
                f"{amount} 元超过复核的单笔权限 {step.max_amount} 元",
                why="超过权限的由科长或局领导决定",
                cure="请科长或局领导办理",
            )
    elif not rights.can(by, "review.second", day, review.region_code):
        raise NotAllowed("这一条在复核员的权限以内", why="没有超过单笔权限的由复核员决定", cure="请复核员办理")
    else:
        check_step(by, step, review, day)


def check_other_hand(by: User, review: Review) -> None:
    """Raises NotAllowed where first and second review would be one person."""
    rights.check_not_same(by, review.first_by_id, "初审")
