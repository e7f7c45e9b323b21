using System.Collections.Immutable;
using BillApis.Metering;
using BillApis.Pricing;

namespace BillApis.AspNetCore;

/// <summary>Finds what a request refers to by id or by its own code; null where nothing is referred to.</summary>
internal static class References
{
    public static async Task<Customer?> CustomerAsync(Billing billing, TenantId tenant, string? reference, CancellationToken cancellationToken) =>
        reference is null ? null : await billing.Customers.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);

    public static async Task<Product?> ProductAsync(Billing billing, TenantId tenant, string? reference, CancellationToken cancellationToken) =>
        reference is null ? null : await billing.Products.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);

    public static async Task<Metric?> MetricAsync(Billing billing, TenantId tenant, string? reference, CancellationToken cancellationToken) =>
        reference is null ? null : await billing.Metrics.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);

    public static async Task<Feature?> FeatureAsync(Billing billing, TenantId tenant, string? reference, CancellationToken cancellationToken) =>
        reference is null ? null : await billing.Features.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);

    public static async Task<LegalEntity?> LegalEntityAsync(Billing billing, TenantId tenant, string? reference, CancellationToken cancellationToken) =>
        reference is null ? null : await billing.LegalEntities.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);

    /// <summary>All that a list refers to; empty where nothing is referred to.</summary>
    public static async Task<ImmutableArray<TId>> AllAsync<TId>(ImmutableArray<string>? references, Func<string, Task<TId>> find)
    {
        var found = ImmutableArray.CreateBuilder<TId>();
        foreach (var reference in references ?? [])
        {
            found.Add(await find(reference).ConfigureAwait(false));
        }

        return found.ToImmutable();
    }

    public static async Task<Plan?> PlanAsync(Billing billing, TenantId tenant, string? reference, CancellationToken cancellationToken) =>
        reference is null ? null : await billing.Plans.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
}
