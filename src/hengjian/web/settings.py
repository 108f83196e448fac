"""Settings of the office. Everything a place may set is an environment variable; docs/howto/office.md lists them.

HENGJIAN_HOME   folder of the office: database, uploads, results, secret key (default: `office` in the current folder)
DATABASE_URL    PostgreSQL or SQLite; by default SQLite in HENGJIAN_HOME
HENGJIAN_HOSTS  host names the office answers to, separated by commas (default: this machine only)
HENGJIAN_HTTPS  1 when it is served through TLS: cookies are then sent through TLS only
"""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

from hengjian.web.secret import secret_key

HOME = Path(os.environ.get("HENGJIAN_HOME", "office")).resolve()
HOME.mkdir(parents=True, exist_ok=True)
LAKE, SITE, RESULTS = HOME / "lake", HOME / "site", HOME / "results"
UPLOADS, DROP, EXPORTS, ANCHORS, ATTACHMENTS = (HOME / n for n in ("uploads", "drop", "exports", "anchors", "attachments"))

SECRET_KEY = os.environ.get("SECRET_KEY") or secret_key(HOME)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *filter(None, os.environ.get("HENGJIAN_HOSTS", "").split(","))]
HTTPS = os.environ.get("HENGJIAN_HTTPS") == "1"

ROOMS = ("journal", "accounts", "registry", "workdays", "runs", "recovery", "rules", "clues", "review")
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_cotton",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "lucide",
    *(f"hengjian.apps.{room}" for room in ROOMS),
    "hengjian.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hengjian.web.sizes.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "hengjian.web.plain_text.PlainText",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hengjian.web.gatekeeper.Gatekeeper",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hengjian.web.refusals.Refusals",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "hengjian.web.urls"
WSGI_APPLICATION = "hengjian.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hengjian.web.shell.shell",
            ]
        },
    }
]

DATABASES = {
    "default": dj_database_url.config(env="DATABASE_URL", default=f"sqlite:///{HOME / 'office.sqlite3'}", conn_max_age=60)
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;",
    }
    DATABASES["default"]["CONN_MAX_AGE"] = 0
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "hengjian.apps.accounts.passwords.LettersAndDigits"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("login", "name")},
    },
]
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "login", "home", "login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_USERNAME_FORM_FIELD = "username"  # of the form; the model's own field is called login
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_LOCKOUT_CALLABLE = "hengjian.web.doors.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # half an hour is half an hour, whoever goes on guessing
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
CLOCK_FOLLOWERS: tuple[str, ...] = (
    "hengjian.apps.clues.services.follow.follow_clocks",
    "hengjian.apps.review.services.taking.follow_clocks",
)
"""Functions of rooms that keep a copy of a clock's due date; called with the clocks whose date changed, in the same transaction."""
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # an account is locked whatever address the guesses come from
SESSION_COOKIE_AGE = 30 * 60  # from the last request; `gatekeeper` moves it on at most once a minute
SESSION_SAVE_EVERY_REQUEST = False
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
    }
}
CSRF_FAILURE_VIEW = "hengjian.web.doors.csrf_failed"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

LANGUAGE_CODE, TIME_ZONE, USE_TZ, USE_I18N = "zh-hans", "Asia/Shanghai", True, True
STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "hengjian.web.storage.OfficeStaticFiles"},
}
MEDIA_ROOT = ATTACHMENTS
UPLOAD_LIMIT = 300 * 1024 * 1024
"""Bytes of one uploaded data file; an attachment may have 20 MB (`review.attachments`)."""
FILE_UPLOAD_TEMP_DIR = f"{UPLOADS / '.incoming'}"
(UPLOADS / ".incoming").mkdir(parents=True, exist_ok=True)
FINDINGS_DESTINATION = "hengjian.apps.clues.services.arrive"
"""Who takes the findings of an audit over; see `runs.works.arrive`."""
BODY_LIMIT = 12 * 1024 * 1024
"""Bytes of any other request; `web.sizes` names the addresses that take more."""
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
FILE_UPLOAD_PERMISSIONS = 0o600

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django_tasks": {"level": "WARNING"}, "django_tasks_db": {"level": "WARNING"}},
}
