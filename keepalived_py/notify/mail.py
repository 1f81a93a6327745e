"""Alert mails as text: what keepalived's users know, one alert or several in one mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepalived_py.notify.event import Kind, News
from keepalived_py.structure import structure

if TYPE_CHECKING:
    from collections.abc import Sequence

_INSTANCE = {
    News.MASTER: ("Entering MASTER state", "=> VRRP Instance is now owning VRRP VIPs <="),
    News.BACKUP: ("Entering BACKUP state", "=> VRRP Instance is no longer owning VRRP VIPs <="),
    News.FAULT: ("Entering FAULT state", "=> VRRP Instance is no longer owning VRRP VIPs <="),
    News.STOP: ("Stopping", "=> VRRP Instance stopping <="),
    News.DELETED: ("Deleted", "=> VRRP Deleted at reload <="),
}
_GROUP = {
    News.MASTER: ("Entering MASTER state", "=> All VRRP group instances are now in MASTER state <="),
    News.BACKUP: ("Entering BACKUP state", "=> All VRRP group instances are now in BACKUP state <="),
    News.FAULT: ("Entering FAULT state", "=> All VRRP group instances are now in FAULT state <="),
    News.STOP: ("Stopping", "=> All VRRP group instances are now stopping <="),
}


@structure
class Alert:
    """One thing to be told by mail.

    Attributes:
        subject: without the router's name.
        body: the lines.
        moment: local time as text, for a mail with several alerts.
    """

    subject: str
    body: str
    moment: str


def vrrp_alert(kind: Kind, name: str, news: News, cause: str, moment: str) -> Alert | None:
    """Return the alert for a state that an instance or group has entered; None for news that no mail tells.

    Args:
        kind: instance or group.
        name: its name.
        news: what happened.
        cause: why, in one line; empty when nobody knows.
        moment: local time as text.
    """
    is_group = kind is Kind.GROUP
    told = (_GROUP if is_group else _INSTANCE).get(news)
    if told is None:
        return None
    subject, body = told
    why = f"\n\n{cause}" if cause else ""
    return Alert(f"VRRP {'Group' if is_group else 'Instance'} {name} - {subject}", f"{body}{why}", moment)


def compose(alerts: Sequence[Alert], router: str, left_out: int = 0) -> tuple[str, str]:
    """Return subject and text of one mail about some alerts, oldest first.

    Args:
        alerts: at least one.
        router: the name of this router.
        left_out: how many older ones were given up.
    """
    newest = alerts[-1]
    lost = f"\n\n{left_out} older alerts could not be sent in time." if left_out else ""
    if len(alerts) == 1:
        return f"[{router}] {newest.subject}", f"{newest.body}{lost}\n"
    parts = [f"{alert.moment} {alert.subject}\n{alert.body}" for alert in alerts]
    return f"[{router}] {len(alerts)} alerts, the last: {newest.subject}", "\n\n".join(parts) + f"{lost}\n"
