"""Rows in the shape of the samples of FOCUS 1.0: all its columns in their order, made-up charges of four providers."""

COLUMNS = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd",
    "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId",
    "SubAccountName", "Tags",
)  # fmt: skip
"""Of FOCUS 1.0."""

INSTANCE = "arn:aws:ec2:eu-west-1:444455556666:instance/i-0a"
PLAN = "arn:aws:savingsplans::111122223333:savingsplan/sp-1"
SCALE_SET = "/subscriptions/S-1/resourceGroups/MC_a/providers/Microsoft.Compute/virtualMachineScaleSets/aks-pool"
OF_PLAN = {
    "CommitmentDiscountCategory": "Spend",
    "CommitmentDiscountId": PLAN,
    "CommitmentDiscountName": "plan",
    "CommitmentDiscountType": "Savings Plan",
}


def sample_rows() -> list[dict[str, str]]:
    """Charges of 2026-11-17: of a machine of AWS, with and without a savings plan, and of one each of Azure, GCP and Oracle."""
    return [
        _row(2.4, 2.4, 2.4, ResourceId=INSTANCE, Tags='{"app": "web", "team": "shop"}'),
        _row(0.0, 1.6, 2.4, ResourceId=INSTANCE, CommitmentDiscountStatus="Used", **OF_PLAN),
        _row(38.4, 0.0, 38.4, ResourceId=PLAN, ChargeCategory="Purchase", ChargeFrequency="Recurring", **OF_PLAN),
        _row(0.0, 0.8, 0.0, ResourceId=PLAN, CommitmentDiscountStatus="Unused", **OF_PLAN),
        _row(0.3, 0.3, 0.3, ChargeCategory="Tax", ServiceCategory="Other", ServiceName="Tax"),
        _row(-0.1, -0.1, -0.1, ChargeCategory="Credit"),
        _row(
            -0.15, -0.15, -0.15, ResourceId=INSTANCE, ChargeClass="Correction",
            ChargePeriodStart="2026-11-16 22:00:00", ChargePeriodEnd="2026-11-16 23:00:00",
        ),
        _row(4.25, 4.25, 5.0, "Microsoft", ResourceId=SCALE_SET, BillingAccountId="8611537", SubAccountId="S-1"),
        _row(
            1.25, 1.25, 1.25, "Google Cloud", BillingAccountId="019AB3-C4D5E6-F70809", SubAccountId="shop",
            ResourceId="//compute.googleapis.com/projects/shop/zones/europe-west1-b/instances/node-a",
        ),
        _row(
            0.75, 0.75, 0.75, "Oracle", BillingAccountId="ocid1.tenancy.oc1..a", ResourceId="ocid1.instance.oc1..a",
        ),
    ]  # fmt: skip


def _row(billed: float, effective: float, listed: float, provider: str = "AWS", **values: str) -> dict[str, str]:
    """A charge for all of 2026-11-17 at the costs as billed, effective and by list [USD], but for ``values``."""
    row = dict.fromkeys(COLUMNS, "") | {
        "BilledCost": f"{billed:.6f}", "EffectiveCost": f"{effective:.6f}", "ListCost": f"{listed:.6f}",
        "ContractedCost": f"{listed:.6f}", "BillingAccountId": "111122223333", "BillingAccountName": "Shop",
        "BillingCurrency": "USD", "BillingPeriodStart": "2026-11-01 00:00:00", "BillingPeriodEnd": "2026-12-01 00:00:00",
        "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based", "ChargePeriodStart": "2026-11-17 00:00:00",
        "ChargePeriodEnd": "2026-11-18 00:00:00", "InvoiceIssuerName": provider, "ProviderName": provider,
        "PublisherName": provider, "PricingCategory": "Standard", "PricingQuantity": "24.000000", "PricingUnit": "Hours",
        "RegionId": "eu-west-1", "ServiceCategory": "Compute", "ServiceName": "Compute", "SubAccountId": "444455556666",
        "SubAccountName": "Shop",
    }  # fmt: skip
    return row | values
