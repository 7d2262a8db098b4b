"""Bills in the columns of FOCUS 1.0 to 1.2, the FinOps Open Cost and Usage Specification, made rows of a day and a resource."""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from farthing.model.resource_key import resource_key
from farthing.model.tables import Columns, zero

MANDATORY = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost",
    "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
    "ServiceCategory", "ServiceName",
)  # fmt: skip
"""Columns that a file of FOCUS 1.0, 1.1 and 1.2 alike must have."""

OLDER = {"InvoiceIssuerName": "InvoiceIssuer", "ProviderName": "Provider", "PublisherName": "Publisher"}
"""Names from before version 1.0, which Oracle's exports still have."""

SINCE_1_0 = ("ChargeClass", "ContractedCost")
"""Columns that files with those names lack."""

TAKEN = {
    "currency": "BillingCurrency",
    "provider": "ProviderName",
    "billing_account": "BillingAccountId",
    "billing_start": "BillingPeriodStart",
    "billing_end": "BillingPeriodEnd",
    "charge_start": "ChargePeriodStart",
    "charge_end": "ChargePeriodEnd",
    "charge_category": "ChargeCategory",
    "service": "ServiceName",
    "service_category": "ServiceCategory",
    "resource": "ResourceId",
    "sub_account": "SubAccountId",
    "service_code": "x_ServiceCode",
    "tags": "Tags",
}
"""Texts and instants that are taken of a file; of those that it need not have, nothing where it does not."""

AMOUNTS = {"cost": "EffectiveCost", "list_cost": "ListCost", "billed_cost": "BilledCost"}
"""Costs that are taken of a file; the first counts: what was paid in advance is spread over what it was paid for."""

EXACT = dt.Decimal(38, 12)
"""In which costs are added up: doubles would come to another last digit in another order, and the same bill be a revision."""

BILL: Columns = {
    "start": "int64",
    **dict.fromkeys(
        ("resource_key", "resource", "provider", "account", "project", "service", "category", "charge_category", "tags"),
        "string",
    ),
    **dict.fromkeys((*AMOUNTS, "credit"), "float64"),
}  # fmt: skip
"""What a bill says of a resource on the local day that begins at ``start``: costs [currency], credits in them as ``credit``."""

PROVIDERS = {"Amazon": "AWS", "AWS": "AWS", "Microsoft": "Azure", "Azure": "Azure", "Google": "GCP", "GCP": "GCP",
             "Oracle": "Oracle", "Alibaba": "Alibaba"}  # fmt: skip
"""What a provider's name in a bill begins with, and its name here."""

CATEGORIES = {"Compute": "Compute", "Storage": "Storage", "Networking": "Network", "Management and Governance": "Management"}  # fmt: skip
"""FOCUS' categories of services, and Kubecost's; all others are ``Other``."""

LONGEST = 1024
MOST_TAGS = 8192
"""Characters that are kept of a text; tags that are longer are left out whole."""

TEXTS = (
    "provider", "billing_account", "sub_account", "service", "service_code", "service_category", "charge_category",
)  # fmt: skip
KIND = ("currency", "billing_start", "billing_end", *TEXTS)
"""What tells rows apart besides their resource, tags and time."""

OF_BILL = ("provider", "billing_account", "billing_start")
"""What bills are kept by."""


def spans(period: ir.Table, day: ir.Table) -> ir.Table:
    """Which days each of the charge periods ``period`` touches, and the part of its cost that is each day's, by seconds.

    ``period`` has charge_start and charge_end as written, and began and ended [unix s]; ``day`` the local days' start and
    ``day_end`` [unix s]. Columns: charge_start, charge_end, span, start, part. Periods within one day have its start as
    their span, others a negative one of their own.
    """
    ended = ibis.greatest(period.ended, period.began + 1.0)
    period = period.mutate(ended=ended, number=ibis.row_number())
    touched = period.join(day, (period.began < day.day_end) & (period.ended > day.start))
    seconds = ibis.least(touched.ended, touched.day_end) - ibis.greatest(touched.began, touched.start)
    within = (touched.began >= touched.start) & (touched.ended <= touched.day_end)
    return touched.select(
        "charge_start",
        "charge_end",
        "start",
        span=ibis.ifelse(within, touched.start, -1 - touched.number),
        part=ibis.ifelse(within, 1.0, seconds / (touched.ended - touched.began)),
    )


def grouped(rows: ir.Table, span: ir.Table) -> ir.Table:
    """``rows`` of files (charge_start, charge_end, kind, row, ``AMOUNTS``) added up by span and kind: also how many, and the first's number."""
    spanned = span.select("charge_start", "charge_end", "span").distinct()
    found = rows.select("charge_start", "charge_end", "kind", "row", *AMOUNTS)
    found = found.join(spanned, ["charge_start", "charge_end"])
    sums = {one: found[one].cast(EXACT).sum() for one in AMOUNTS}
    return found.group_by("span", "kind").agg(**sums, rows=found.count(), row=found.row.min())


def kinds(group: ir.Table, rows: ir.Table) -> ir.Table:
    """What tells the rows of ``grouped`` apart but for their time: columns kind, rows, ``KIND``, resource and tags, of the first row of each."""
    first = group.group_by("kind").agg(rows=group.rows.sum(), row=group.row.min())
    texts = rows.select("row", *KIND, "resource", "tags")
    return first.join(texts, "row").drop("row")


def named(kind: ir.Table) -> ir.Table:
    """Each of ``kinds`` with the texts of ``BILL``, with ``OF_BILL``, and a number that tells rows apart as they are kept, in order.

    Its billing_start and billing_end are numbers. [unix s]
    """
    rows = kind.mutate(**{name: _text(kind[name]) for name in (*TEXTS, "resource")}, tags=_tags(kind.tags))
    rows = rows.mutate(
        resource_key=resource_key(rows.resource),
        provider=ibis.cases(
            *((rows.provider.startswith(name), known) for name, known in PROVIDERS.items()), else_=rows.provider
        ),
        category=rows.service_category.cases(*CATEGORIES.items(), else_="Other"),
        service=ibis.ifelse(rows.service_code == "", rows.service, rows.service_code),
    )
    google = rows.provider == "GCP"
    own = ibis.ifelse(rows.sub_account == "", rows.billing_account, rows.sub_account)
    rows = rows.mutate(
        account=ibis.ifelse(google, rows.billing_account, own), project=ibis.ifelse(google, rows.sub_account, "")
    )
    apart = [*OF_BILL, *(name for name in BILL if name not in {"start", "resource", *AMOUNTS, "credit", *OF_BILL})]
    number = ibis.dense_rank().over(ibis.window(order_by=[rows[one] for one in apart]))
    return rows.select("kind", "rows", "billing_end", *apart, "resource", number=number)


def added_up(group: ir.Table, span: ir.Table, name: ir.Table) -> ir.Table:
    """``grouped`` by day and the number of ``named``: columns number, start and ``AMOUNTS`` [currency]."""
    days = group.join(span.select("span", "start", "part").distinct(), "span").join(
        name.select("kind", "number"), "kind"
    )
    # What is within a day is not multiplied: it stays what was written, to the last digit.
    parts = {
        one: ibis.ifelse(days.part == 1.0, days[one], (days[one].cast("float64") * days.part).cast(EXACT))
        for one in AMOUNTS
    }
    sums = {one: part.sum().cast("float64") for one, part in parts.items()}
    return days.group_by("number", "start").agg(**sums)


def bill_rows(added: ir.Table, name: ir.Table) -> ir.Table:
    """``added_up`` with the texts of ``named``: columns ``BILL`` and ``OF_BILL``, and number."""
    texts = [one for one in name.columns if one not in {"kind", "rows", "billing_end", "number", "resource"}]
    told = name.group_by("number").agg(resource=name.resource.min(), **{one: name[one].min() for one in texts})
    rows = added.join(told, "number")
    credit = ibis.ifelse(rows.charge_category == "Credit", rows.cost, zero())
    return rows.mutate(credit=credit).select("billing_account", "billing_start", "number", *BILL)


def _text(value: ir.StringValue) -> ir.StringValue:
    return value.fill_null("").substr(0, LONGEST)


def _tags(value: ir.StringValue) -> ir.StringValue:
    """Tags as a JSON object; what is none, or too long, is empty."""
    tags = value.fill_null("")
    return ibis.ifelse(tags.startswith("{") & (tags.length() <= MOST_TAGS), tags, "")
