"""How a request may end: the words of the counters and the access record."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "ok": "办好了；审核没有提醒",
        "found": "审核有提醒",
        "skipped": "审核没有做（本次未审核），事后补审",
        "warned": "上传存好了，但报文ID以前用于另一内容",
        "not_kept": "认得、不用转来的交易，没有保存",
        "other_service": "福建的 3103，不是提醒的反馈",
        "refused": "报文缺内容或内容不对",
        "unreadable": "报文读不出：不是 JSON、编码不对、嵌套太深",
        "too_long": "报文太大",
        "slow": "没有按时收完",
        "gone": "客户端中途断开，没有应答",
        "unknown_trade": "不认识的交易编号",
        "unknown_reminder": "反馈了没有发过的提醒",
        "unknown_sign_no": "签退的签到流水号不对",
        "not_theirs": "替别的机构发送",
        "unsigned": "没有签名，或签名的请求头不全",
        "unknown_institution": "没有这个账号",
        "bad_signature": "签名不对，或请求头写法不对",
        "stopped_key": "密钥停用、失效或未启用",
        "old_timestamp": "时间戳相差太多",
        "replay": "同一个签名用了第二次",
        "not_kept_error": "没有存下来（磁盘、数据库），客户端应重发",
        "error": "程序内部出错，没有收下，客户端应重发",
    }
)
