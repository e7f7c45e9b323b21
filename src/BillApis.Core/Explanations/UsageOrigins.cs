using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Finds the usage that lines charge for, as it was known when their invoice was issued.</summary>
internal sealed class UsageOrigins(ChargedUsageReader usage, IUsageStore store, KnownUsage known)
{
    private static readonly Duration HourlyBelow = Duration.FromDays(3);
    private static readonly Duration MonthlyAbove = Duration.FromDays(400);

    /// <summary>The usage of a line, and what its price looks at of it.</summary>
    public async Task<(UsageOrigin Origin, RatingInput Input)> OfAsync(Invoice invoice, InvoiceLine line, Price price, Subscription? subscription, ExplainQuery query, CancellationToken cancellationToken)
    {
        var charge = new Charge(price, line.Quantity, line.Period!.Value, line.Factor) { Full = line.Full ?? line.Period!.Value, CarriedFrom = line.CarriedFrom };
        var asked = await usage.RequestAsync(invoice.Tenant, charge, invoice.Customer, subscription, cancellationToken).ConfigureAwait(false);
        var request = await KnownThenAsync(invoice, line, asked, price, cancellationToken).ConfigureAwait(false);
        var total = await SumAsync(invoice.Tenant, [request with { GroupBy = price.Terms.GroupBy }], line, cancellationToken).ConfigureAwait(false);
        var window = request.Period.Duration < HourlyBelow ? UsageWindow.Hour : request.Period.Duration > MonthlyAbove ? UsageWindow.Month : UsageWindow.Day;
        var windows = UsageWindows.Of(request.Period, window, request.Zone).Select(part => request with { Period = part, GroupBy = price.Terms.GroupBy, Whole = request.Whole ?? request.Period }).ToList();
        var totals = await SumAsync(invoice.Tenant, windows, line, cancellationToken).ConfigureAwait(false);
        var events = query.Line is { } only && only != line.Id ? new Page<MeasuredEvent>([], null) : await EventsAsync(invoice.Tenant, request, line, query, cancellationToken).ConfigureAwait(false);
        var input = NeedsMore(price.Terms) || line.Kind is LineKind.Adjustment ? (await usage.ReadAsync(invoice.Tenant, [(charge, request)], cancellationToken).ConfigureAwait(false)).Single() : new RatingInput(total.Sum(row => row.Value));
        return (new UsageOrigin(request.Metric, request.Period, total.Sum(row => row.Value), total.Sum(row => row.Events), window, totals, events), input);
    }

    /// <summary>Whether a price looks at more than the quantity of its line.</summary>
    public static bool NeedsMore(PriceTerms terms) => terms.Model is MatrixPrice || terms.Model.NeedsEvents;

    // The totals are what was billed unless something came later; only then what was known of old is counted anew.
    private async Task<UsageRequest> KnownThenAsync(Invoice invoice, InvoiceLine line, UsageRequest request, Price price, CancellationToken cancellationToken)
    {
        if (invoice.IssuedAt is null)
        {
            return request;
        }

        var now = await SumAsync(invoice.Tenant, [request with { GroupBy = price.Terms.GroupBy }], line, cancellationToken).ConfigureAwait(false);
        return now.Sum(row => row.Value) == (line.Adjustment?.Quantity ?? line.Quantity) && !NeedsMore(price.Terms) && !IsOfGroups(line, price)
            ? request
            : request with { Recorded = await known.AtIssueAsync(invoice, line, request, price, cancellationToken).ConfigureAwait(false) };
    }

    // What is missing up to the minimum of all groups, or what has all of them on one line, has no usage of its own that would tell.
    private static bool IsOfGroups(InvoiceLine line, Price price) => line is { Kind: LineKind.Adjustment, Group.IsEmpty: true } && !price.Terms.GroupBy.IsEmpty;

    private async Task<ImmutableArray<UsageSummaryRow>> SumAsync(TenantId tenant, IReadOnlyList<UsageRequest> requests, InvoiceLine line, CancellationToken cancellationToken)
    {
        var readings = await store.ReadAsync(tenant, requests, cancellationToken).ConfigureAwait(false);
        var mine = Dimensions.Of(line.Group);
        return [.. readings.SelectMany(reading => reading.Groups.Where(group => group.Dimensions == mine && (group.Events > 0 || group.Value != 0))
            .Select(group => new UsageSummaryRow(reading.Request.Period, group.Dimensions, group.Value, group.Events)))];
    }

    private async Task<Page<MeasuredEvent>> EventsAsync(TenantId tenant, UsageRequest request, InvoiceLine line, ExplainQuery query, CancellationToken cancellationToken)
    {
        var asked = new UsageQuery { Customer = request.Customer, Type = request.Metric.EventType, From = request.Period.Start, To = request.Period.End, Limit = query.Limit, After = query.Line is null ? null : query.After, CountedBefore = request.Recorded?.End ?? Instant.MaxValue };
        var page = await store.ListEventsAsync(tenant, asked, cancellationToken).ConfigureAwait(false);
        var known = page.Items.Where(item => request.Recorded?.Contains(item.RecordedAt) ?? true).Select(item => item.Net).OfType<UsageEvent>()
            .Where(item => line.Group.All(value => (item.Properties[value.Key] is { Kind: not PropertyKind.Null } found ? found.Text : null) == value.Value));
        return new Page<MeasuredEvent>([.. MeasuredEvent.Of(request, known).Reverse()], page.Next);
    }
}
