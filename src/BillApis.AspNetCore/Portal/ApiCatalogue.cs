using System.Collections.Immutable;
using BillApis.Pricing;

namespace BillApis.AspNetCore;

/// <summary>What a tenant offers to anybody: the products and metrics of its offered plans, each with its documentation and its prices.</summary>
internal sealed class ApiCatalogue(Billing billing, Tenants tenants)
{
    public async Task<IReadOnlyList<ApiResponse>> ReadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (!await tenants.IsOpenAsync(tenant, cancellationToken).ConfigureAwait(false))
        {
            return [];
        }

        var settings = await billing.Settings.GetAsync(tenant, cancellationToken).ConfigureAwait(false);
        var offers = new List<(Plan Plan, PlanVersion Version, Price Price)>();
        foreach (var id in settings.OfferedPlans.Concat(settings.RegistrationPlan is { } free ? [free] : []).Distinct())
        {
            if (await billing.Plans.FindAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { ArchivedAt: null, Published: { } version } plan)
            {
                offers.AddRange(version.Items.Select(item => (plan, version, item.Price)));
            }
        }

        var apis = new List<ApiResponse>();
        foreach (var api in offers.Where(offer => SubjectOf(offer.Price) is not null).GroupBy(offer => SubjectOf(offer.Price)!).OrderBy(api => api.Key, StringComparer.Ordinal))
        {
            var plans = api.GroupBy(offer => offer.Plan.Id).Select(offer => ApiPlanResponse.From(
                offer.First().Plan, offer.First().Version, offer.Select(item => item.Price), offers.Where(other => other.Plan.Id == offer.Key && SubjectOf(other.Price) is null).Select(other => other.Price)));
            apis.Add(await DescribeAsync(tenant, api.First().Price, [.. plans], cancellationToken).ConfigureAwait(false));
        }

        return apis;
    }

    // A price without either is a fee of its plan.
    private static string? SubjectOf(Price price) => price.Product?.ToString() ?? price.Metric?.ToString();

    private async Task<ApiResponse> DescribeAsync(TenantId tenant, Price price, ImmutableArray<ApiPlanResponse> plans, CancellationToken cancellationToken)
    {
        if (price.Product is { } sold)
        {
            var product = await billing.Products.GetAsync(tenant, sold.ToString(), cancellationToken).ConfigureAwait(false);
            return new ApiResponse(product.Code, product.Name, product.Description, product.DocsUrl, plans);
        }

        var metric = await billing.Metrics.GetAsync(tenant, price.Metric!.Value.ToString(), cancellationToken).ConfigureAwait(false);
        return new ApiResponse(metric.Code, metric.Name, null, null, plans);
    }
}

/// <summary>Something that is called and paid for.</summary>
internal sealed record ApiResponse(string Code, string Name, string? Description, string? DocsUrl, ImmutableArray<ApiPlanResponse> Plans);

/// <summary>What it costs under one plan: its own prices, and the fees that the plan has beside them.</summary>
internal sealed record ApiPlanResponse(PlanId PlanId, string Code, string Name, string? Description, int Version, Currency Currency, int TrialDays, ImmutableArray<PriceResponse> Prices, ImmutableArray<PriceResponse> Fees)
{
    public static ApiPlanResponse From(Plan plan, PlanVersion version, IEnumerable<Price> prices, IEnumerable<Price> fees) => new(
        plan.Id, plan.Code, plan.Name, plan.Description, version.Number, plan.Currency, version.TrialDays, [.. prices.Select(PriceResponse.Shown)], [.. fees.Select(PriceResponse.Shown)]);
}
