"""Settings of the office under test: its own folder, fast passwords, plain static files, tasks run at once. DATABASE_URL picks PostgreSQL."""

import os
import tempfile
from pathlib import Path

HOME_FOR_TESTS = Path(os.environ.setdefault("HENGJIAN_TEST_HOME", tempfile.mkdtemp(prefix="hengjian-office-")))
(HOME_FOR_TESTS / "static").mkdir(exist_ok=True)  # whitenoise looks for it
os.environ["HENGJIAN_HOME"] = str(HOME_FOR_TESTS)
os.environ["SECRET_KEY"] = "for tests only"

from hengjian.web.settings import *  # noqa: E402, F403
from hengjian.web.settings import DATABASES, STORAGES  # noqa: E402

ON_POSTGRES = DATABASES["default"]["ENGINE"].endswith("postgresql")
if not ON_POSTGRES:
    DATABASES["default"]["TEST"] = {"NAME": str(HOME_FOR_TESTS / "test.sqlite3")}  # a file: several connections see it
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF;PRAGMA foreign_keys=ON;"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
ALLOWED_HOSTS = ["*"]
STATIC_ROOT = HOME_FOR_TESTS / "static"
STATIC_ROOT.mkdir(exist_ok=True)
