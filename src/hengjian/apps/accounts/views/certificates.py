"""The register of enforcement certificates."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from hengjian.apps.accounts import services
from hengjian.apps.accounts.forms import CertificateFilter, CertificateForm
from hengjian.apps.accounts.queries import EXPIRING_DAYS, certificate_state, certificates_for, people_for, state_of
from hengjian.apps.accounts.views.answers import failed, refused_at
from hengjian.apps.listing import page_of, sorted_by

COLUMNS = (
    {"key": "name", "title": "姓名", "sort": "name", "css": "", "fixed": True},
    {"key": "number", "title": "证号", "sort": "number", "css": ""},
    {"key": "issuer", "title": "发证机关", "sort": "", "css": ""},
    {"key": "from", "title": "起", "sort": "", "css": ""},
    {"key": "to", "title": "止", "sort": "to", "css": ""},
    {"key": "state", "title": "状态", "sort": "", "css": ""},
)
SORTS = {"name": "user__name", "number": "number", "to": "valid_to"}
TITLES = {"valid": "有效", "expiring": f"{EXPIRING_DAYS} 天内到期", "expired": "已过期", "future": "未生效"}


@require_GET
def certificates(request: HttpRequest) -> HttpResponse:
    """Every certificate, by validity."""
    day = timezone.localdate()
    rows = certificates_for(request.user, day)
    form = CertificateFilter(request.GET)
    if form.is_valid() and (words := form.cleaned_data["q"]):
        rows = rows.filter(Q(user__name__icontains=words) | Q(number__icontains=words))
    states = certificate_state(day)
    state = request.GET.get("state", "")
    shown, sort = sorted_by(request, rows.filter(states.get(state, Q())), SORTS, "to")
    context = page_of(request, shown)
    for certificate in context["page"]:
        certificate.state_now, certificate.days_left = state_of(certificate, day)
    return render(
        request,
        "accounts/certificates.html",
        {
            "title": "执法证件",
            "purpose": "没有有效证件的人不能办需要持证的环节。证件在止日当天失效。",
            "filter": form,
            "tabs": [
                {"state": "", "title": "全部", "count": rows.count()},
                *({"state": key, "title": TITLES[key], "count": rows.filter(q).count()} for key, q in states.items()),
            ],
            "state": state,
            "columns": COLUMNS,
            "sort": sort,
            "row": "accounts/_certificate_row.html",
            "list_key": "certificates",
            "empty": {"title": "还没有登记证件", "text": "登记以后，到期前 60 天会在这里提示。"} if not rows.exists() else {},
            **context,
        },
    )


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The form of a new certificate."""
    people = people_for(request.user, "certificate.manage", timezone.localdate()).filter(is_active=True).order_by("name")
    form = CertificateForm(request.POST or None, people=people, initial={"user": request.GET.get("user", "")})
    if request.method == "POST" and form.is_valid():
        with refused_at(form):
            made = services.register_certificate(by=request.user, at=timezone.now(), **form.cleaned_data)
            messages.success(request, f"{made.user.name} 的执法证 {made.number} 已登记。")
            return redirect("accounts:certificates")
    return render(request, "accounts/certificate_add.html", {"form": form}, status=failed(form))
