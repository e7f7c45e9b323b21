namespace BillApis;

/// <summary>A company whose customers are billed; every stored thing belongs to one.</summary>
public readonly record struct TenantId(Guid Value) : IEntityId<TenantId>
{
    /// <inheritdoc/>
    public static string Prefix => "ten";

    /// <summary>The tenant of an application that bills for one company only.</summary>
    public static TenantId Default { get; } = new(new Guid("00000000-0000-7000-8000-000000000001"));

    /// <inheritdoc/>
    public static TenantId Of(Guid value) => new(value);

    /// <summary>For example <c>ten_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A party that is billed.</summary>
public readonly record struct CustomerId(Guid Value) : IEntityId<CustomerId>
{
    /// <inheritdoc/>
    public static string Prefix => "cus";

    /// <inheritdoc/>
    public static CustomerId Of(Guid value) => new(value);

    /// <summary>For example <c>cus_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A way to count usage.</summary>
public readonly record struct MetricId(Guid Value) : IEntityId<MetricId>
{
    /// <inheritdoc/>
    public static string Prefix => "met";

    /// <inheritdoc/>
    public static MetricId Of(Guid value) => new(value);

    /// <summary>For example <c>met_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>Something that is sold.</summary>
public readonly record struct ProductId(Guid Value) : IEntityId<ProductId>
{
    /// <inheritdoc/>
    public static string Prefix => "prd";

    /// <inheritdoc/>
    public static ProductId Of(Guid value) => new(value);

    /// <summary>For example <c>prd_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>What something costs.</summary>
public readonly record struct PriceId(Guid Value) : IEntityId<PriceId>
{
    /// <inheritdoc/>
    public static string Prefix => "pri";

    /// <inheritdoc/>
    public static PriceId Of(Guid value) => new(value);

    /// <summary>For example <c>pri_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A set of prices that is subscribed to as one.</summary>
public readonly record struct PlanId(Guid Value) : IEntityId<PlanId>
{
    /// <inheritdoc/>
    public static string Prefix => "pln";

    /// <inheritdoc/>
    public static PlanId Of(Guid value) => new(value);

    /// <summary>For example <c>pln_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A customer's agreement to a plan.</summary>
public readonly record struct SubscriptionId(Guid Value) : IEntityId<SubscriptionId>
{
    /// <inheritdoc/>
    public static string Prefix => "sub";

    /// <inheritdoc/>
    public static SubscriptionId Of(Guid value) => new(value);

    /// <summary>For example <c>sub_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>An invoice.</summary>
public readonly record struct InvoiceId(Guid Value) : IEntityId<InvoiceId>
{
    /// <inheritdoc/>
    public static string Prefix => "inv";

    /// <inheritdoc/>
    public static InvoiceId Of(Guid value) => new(value);

    /// <summary>For example <c>inv_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>One line of an invoice.</summary>
public readonly record struct InvoiceLineId(Guid Value) : IEntityId<InvoiceLineId>
{
    /// <inheritdoc/>
    public static string Prefix => "ili";

    /// <inheritdoc/>
    public static InvoiceLineId Of(Guid value) => new(value);

    /// <summary>For example <c>ili_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A discount that subscriptions redeem.</summary>
public readonly record struct CouponId(Guid Value) : IEntityId<CouponId>
{
    /// <inheritdoc/>
    public static string Prefix => "cou";

    /// <inheritdoc/>
    public static CouponId Of(Guid value) => new(value);

    /// <summary>For example <c>cou_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A row of the tax rate tables.</summary>
public readonly record struct TaxRateId(Guid Value) : IEntityId<TaxRateId>
{
    /// <inheritdoc/>
    public static string Prefix => "txr";

    /// <inheritdoc/>
    public static TaxRateId Of(Guid value) => new(value);

    /// <summary>For example <c>txr_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>Credit that a customer was given or paid for.</summary>
public readonly record struct CreditGrantId(Guid Value) : IEntityId<CreditGrantId>
{
    /// <inheritdoc/>
    public static string Prefix => "crd";

    /// <inheritdoc/>
    public static CreditGrantId Of(Guid value) => new(value);

    /// <summary>For example <c>crd_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A movement of a credit grant.</summary>
public readonly record struct CreditEntryId(Guid Value) : IEntityId<CreditEntryId>
{
    /// <inheritdoc/>
    public static string Prefix => "cre";

    /// <inheritdoc/>
    public static CreditEntryId Of(Guid value) => new(value);

    /// <summary>For example <c>cre_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A document that takes back a part of an invoice.</summary>
public readonly record struct CreditMemoId(Guid Value) : IEntityId<CreditMemoId>
{
    /// <inheritdoc/>
    public static string Prefix => "crm";

    /// <inheritdoc/>
    public static CreditMemoId Of(Guid value) => new(value);

    /// <summary>For example <c>crm_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A company that sells.</summary>
public readonly record struct LegalEntityId(Guid Value) : IEntityId<LegalEntityId>
{
    /// <inheritdoc/>
    public static string Prefix => "ent";

    /// <inheritdoc/>
    public static LegalEntityId Of(Guid value) => new(value);

    /// <summary>For example <c>ent_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>Money received for an invoice.</summary>
public readonly record struct PaymentId(Guid Value) : IEntityId<PaymentId>
{
    /// <inheritdoc/>
    public static string Prefix => "pay";

    /// <inheritdoc/>
    public static PaymentId Of(Guid value) => new(value);

    /// <summary>For example <c>pay_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>One run that bills what is due.</summary>
public readonly record struct InvoiceRunId(Guid Value) : IEntityId<InvoiceRunId>
{
    /// <inheritdoc/>
    public static string Prefix => "run";

    /// <inheritdoc/>
    public static InvoiceRunId Of(Guid value) => new(value);

    /// <summary>For example <c>run_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>An account of the ledger.</summary>
public readonly record struct AccountId(Guid Value) : IEntityId<AccountId>
{
    /// <inheritdoc/>
    public static string Prefix => "acc";

    /// <inheritdoc/>
    public static AccountId Of(Guid value) => new(value);

    /// <summary>For example <c>acc_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A posting between two accounts of the ledger.</summary>
public readonly record struct TransferId(Guid Value) : IEntityId<TransferId>
{
    /// <inheritdoc/>
    public static string Prefix => "trf";

    /// <inheritdoc/>
    public static TransferId Of(Guid value) => new(value);

    /// <summary>For example <c>trf_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A person who signs in.</summary>
public readonly record struct UserId(Guid Value) : IEntityId<UserId>
{
    /// <inheritdoc/>
    public static string Prefix => "usr";

    /// <inheritdoc/>
    public static UserId Of(Guid value) => new(value);

    /// <summary>For example <c>usr_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>What was said of a usage event later.</summary>
public readonly record struct UsageCorrectionId(Guid Value) : IEntityId<UsageCorrectionId>
{
    /// <inheritdoc/>
    public static string Prefix => "uco";

    /// <inheritdoc/>
    public static UsageCorrectionId Of(Guid value) => new(value);

    /// <summary>For example <c>uco_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}

/// <summary>A file of events that is imported.</summary>
public readonly record struct UsageImportId(Guid Value) : IEntityId<UsageImportId>
{
    /// <inheritdoc/>
    public static string Prefix => "imp";

    /// <inheritdoc/>
    public static UsageImportId Of(Guid value) => new(value);

    /// <summary>For example <c>imp_01k…</c>.</summary>
    public override string ToString() => EntityId.Format(this);
}
