"""恒鉴 hengjian: always-on supervision of how medical-insurance funds are used."""

__version__ = "0.1.0"
