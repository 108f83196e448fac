"""In and out: signing in, signing out, a new password, and the pages of the edges."""

from __future__ import annotations

import unicodedata
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.services import change_password
from hengjian.apps.journal.services import record
from hengjian.kernel.errors import InputError


class SignInForm(AuthenticationForm):
    """Account and password; the same sentence whichever of them is wrong."""

    error_messages = dict.fromkeys(("invalid_login", "inactive"), "账号或密码不对。连续输错五次，账号锁定半小时。")


class SignIn(LoginView):
    """The sign-in page."""

    template_name = "login.html"
    redirect_authenticated_user = True
    authentication_form = SignInForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.was_locked = AxesProxyHandler.is_locked(request, {"username": _typed(request)})
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """A wrong password is journalled, and the lock it led to; what is tried while it holds adds nothing. No typed text is kept."""
        login_name = _typed(self.request)
        if login_name and form.data.get("password") and not self.was_locked:
            user = User.objects.filter(login=login_name).first()
            with transaction.atomic():
                _note_failure(user, "sign_in_failed", "登录失败" + _whose(user))
                if getattr(self.request, "axes_locked_out", False):
                    _note_failure(user, "locked", f"连续输错 {settings.AXES_FAILURE_LIMIT} 次，锁定半小时" + _whose(user))
        return super().form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        with transaction.atomic():
            user = form.get_user()
            login(self.request, user)
            record(by=user, at=timezone.now(), event="account.signed_in", subject=f"user:{user.pk}", summary="登录")
        return redirect(self.get_success_url())


def _typed(request: HttpRequest) -> str:
    """The login name as the form cleans it."""
    return unicodedata.normalize("NFKC", request.POST.get("username", "")).strip()


def _note_failure(user: User | None, event: str, summary: str) -> None:
    subject = f"user:{user.pk}" if user else "user:unknown"
    record(by="登录", at=timezone.now(), event=f"account.{event}", subject=subject, summary=summary)


def _whose(user: User | None) -> str:
    if user is None:
        return "（没有这个账号）"
    return f"（{user.name}）" if user.is_active else f"（{user.name}，账号已停用）"


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if request.user.is_authenticated:
        with transaction.atomic():
            record(
                by=request.user,
                at=timezone.now(),
                event="account.signed_out",
                subject=f"user:{request.user.pk}",
                summary="退出",
            )
        logout(request)
    return redirect("login")


class PasswordForm(forms.Form):
    """Old password, new one twice."""

    old = forms.CharField(label="原密码", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))
    new = forms.CharField(
        label="新密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), help_text="至少十位，字母和数字混用"
    )
    again = forms.CharField(label="再输一次", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", "两次输入的新密码不同")
        return cleaned


@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """A person's own new password."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_password(by=request.user, at=timezone.now(), old=form.cleaned_data["old"], new=form.cleaned_data["new"])
        except InputError as error:
            form.add_error(None, "。".join(filter(None, (error.what, error.why, error.cure))))
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, "密码已更改。")
            return redirect("home")
    return render(request, "password.html", {"form": form})


def healthy(request: HttpRequest) -> HttpResponse:
    """For a load balancer: the process answers."""
    return HttpResponse("ok", content_type="text/plain")


def locked_out(request: HttpRequest, credentials: Any = None, *args: Any, **kwargs: Any) -> HttpResponse:
    """Too many wrong passwords."""
    return render(request, "429.html", status=429)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that stood open too long, or came from elsewhere."""
    return render(request, "400.html", {"stale": True}, status=400)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Nothing that asks the database: it may be what is broken."""
    from django.template.loader import get_template

    return HttpResponse(get_template("500.html").render({}), status=500)
