using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/credits</c>: prepaid and promotional credit.</summary>
internal static class CreditEndpoints
{
    public static void MapCredits(this IEndpointRouteBuilder api)
    {
        var credits = api.MapGroup("/credits").WithTags("Invoicing").Requires("credits");
        credits.MapPost("/grants", GrantAsync).WithSummary("Give a customer credit that it bought or got for free");
        credits.MapGet("/grants", ListAsync).WithSummary("List the credit grants, newest first");
        credits.MapGet("/grants/{id}", GetAsync).WithSummary("Read one credit grant and what is left of it");
        credits.MapPost("/grants/{id}/void", VoidAsync).WithSummary("Withdraw what is left of a credit grant");
        credits.MapGet("/balance", GetBalanceAsync).WithSummary("The credit that a customer can use now");
        credits.MapGet("/balance/history", GetHistoryAsync).WithSummary("The credit that a customer could use over time, by hour, day or month");
        credits.MapGet("/entries", ListEntriesAsync).WithSummary("What moved a customer's credit, newest first");
    }

    internal static async Task<Created<CreditGrantResponse>> GrantAsync(Body<CreditGrantRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var (sent, currency) = (body.Value, body.Value.Currency);
        var grant = await billing.Credits.GrantAsync(
            caller.Tenant,
            new NewCreditGrant(sent.CustomerId, MoneyCheck.Exactly("amount", sent.Amount, currency))
            {
                Category = sent.Category,
                Priority = sent.Priority,
                EffectiveAt = sent.EffectiveAt,
                ExpiresAt = sent.ExpiresAt,
                Scope = await ScopeAsync(sent, billing, caller.Tenant, cancellationToken).ConfigureAwait(false),
                Recurrence = sent.Recurrence?.ToRecurrence(currency),
                TopUp = sent.TopUp?.ToTopUp(currency),
                Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
            },
            cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"credits/grants/{grant.Id}", CreditGrantResponse.From(grant));
    }

    internal static async Task<Page<CreditGrantResponse>> ListAsync(Query<CreditGrantQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = query.Value;
        var filter = sent.ToStoreQuery().With("category", Wire.Name(sent.Category)).With("currency", sent.Currency?.Code)
            .With("customer_id", (await References.CustomerAsync(billing, caller.Tenant, sent.CustomerId, cancellationToken).ConfigureAwait(false))?.Id.ToString());
        return (await billing.Credits.ListAsync(caller.Tenant, filter, cancellationToken).ConfigureAwait(false)).Select(CreditGrantResponse.From);
    }

    internal static async Task<CreditGrantResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditGrantResponse.From(await billing.Credits.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<CreditGrantResponse> VoidAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditGrantResponse.From(await billing.Credits.VoidAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<CreditBalanceResponse> GetBalanceAsync(Query<CustomerOfCredits> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditBalanceResponse.From(await billing.Credits.BalanceAsync(caller.Tenant, query.Value.CustomerId, cancellationToken).ConfigureAwait(false));

    internal static async Task<BalanceHistoryResponse> GetHistoryAsync(Query<BalanceHistoryQuery> query, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken)
    {
        var (sent, now) = (query.Value, clock.GetCurrentInstant());
        var to = sent.To is { } asked && asked < now ? asked : now;
        var windows = UsageWindows.Of(sent.From < to ? new Interval(sent.From, to) : throw BillingException.Field("from", "must be before to and before now"), sent.Window, sent.Timezone ?? DateTimeZone.Utc);
        var points = await billing.Credits.HistoryAsync(caller.Tenant, sent.CustomerId, [.. windows.Select(window => window.Start), to], cancellationToken).ConfigureAwait(false);
        return new BalanceHistoryResponse(points[0].Total.Currency, [.. points.Zip(points.Skip(1), BalanceWindow.From)]);
    }

    internal static async Task<Page<CreditEntryResponse>> ListEntriesAsync(Query<CreditEntryQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var filter = query.Value.ToStoreQuery().With("grant_id", query.Value.GrantId);
        return (await billing.Credits.ListEntriesAsync(caller.Tenant, query.Value.CustomerId, filter, cancellationToken).ConfigureAwait(false)).Select(CreditEntryResponse.From);
    }

    // Each reference is the id or code of a metric or of a product; a code that both have is the metric's.
    private static async Task<CreditScope> ScopeAsync(CreditGrantRequest sent, Billing billing, TenantId tenant, CancellationToken cancellationToken)
    {
        var scope = CreditScope.All;
        foreach (var (reference, index) in (sent.AppliesTo ?? []).Select((reference, index) => (reference, index)))
        {
            scope = await billing.Metrics.FindAsync(tenant, reference, cancellationToken).ConfigureAwait(false) is { } metric ? scope with { Metrics = scope.Metrics.Add(metric.Id) }
                : await billing.Products.FindAsync(tenant, reference, cancellationToken).ConfigureAwait(false) is { } product ? scope with { Products = scope.Products.Add(product.Id) }
                : throw BillingException.Field($"applies_to[{index}]", $"must be a metric or a product; there is neither '{reference}'");
        }

        return scope;
    }
}
