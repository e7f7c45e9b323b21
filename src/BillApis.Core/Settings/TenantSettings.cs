using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What a tenant chose for itself; what it did not choose follows the <see cref="BillingOptions"/>.</summary>
public sealed record TenantSettings : IEntity<TenantSettings>
{
    /// <summary>The most hours that an invoice stays a draft: 30 days.</summary>
    public const int MaxDraftHours = 720;

    private const string OnlyKey = "settings";

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>What is done about usage that comes after its period was billed; null for the default.</summary>
    public LateUsagePolicy? LateUsage { get; init; }

    /// <summary>Who sells to customers that name nobody; null for no company in particular.</summary>
    public LegalEntityId? LegalEntity { get; init; }

    /// <summary>Days from issue until an invoice is due, for customers without terms of their own; null for 30.</summary>
    public int? PaymentTermsDays { get; init; }

    /// <summary>What is done about a boundary that charges nothing but zeros.</summary>
    public ZeroInvoices ZeroInvoices { get; init; }

    /// <summary>How many hours the invoices of subscriptions stay drafts before they are issued, 0 to <see cref="MaxDraftHours"/>.</summary>
    public int DraftHours { get; init; }

    /// <summary>Who issues the invoices of subscriptions.</summary>
    public InvoiceApproval InvoiceApproval { get; init; }

    /// <summary>How many months after a month's end (UTC) its single events are archived; null for the deployment's choice.</summary>
    public int? UsageRetentionMonths { get; init; }

    /// <summary>The plan that whoever registers in the developer portal begins with; nobody may register while it is null.</summary>
    public PlanId? RegistrationPlan { get; init; }

    /// <summary>The plans whose prices the developer portal shows to anybody, beside that one.</summary>
    public ImmutableArray<PlanId> OfferedPlans { get; init; } = [];

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<TenantSettings>.Key => OnlyKey;

    string? IEntity<TenantSettings>.Alias => null;

    /// <inheritdoc/>
    public TenantSettings WithVersion(long version) => this with { Version = version };

    internal static Task<TenantSettings?> FindAsync(IStore<TenantSettings> store, TenantId tenant, CancellationToken cancellationToken) => store.FindAsync(tenant, OnlyKey, cancellationToken);
}
