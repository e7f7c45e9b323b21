using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Writes invoices with all that they follow from, so that whoever has the file and the events can recompute them.</summary>
public sealed class InvoiceExports
{
    private readonly Invoices _invoices;
    private readonly BilledPrices _prices;
    private readonly ChargedUsageReader _usage;
    private readonly IUsageStore _events;
    private readonly ICreditStore _credits;
    private readonly KnownUsage _known;
    private readonly EarlierDocuments _earlier;
    private readonly Plans _plans;

    internal InvoiceExports(Invoices invoices, BilledPrices prices, ChargedUsageReader usage, IUsageStore events, ICreditStore credits, KnownUsage known, EarlierDocuments earlier, Plans plans) =>
        (_invoices, _prices, _usage, _events, _credits, _known, _earlier, _plans) = (invoices, prices, usage, events, credits, known, earlier, plans);

    /// <summary>An invoice in canonical JSON, with its prices, metrics, coupons, credits, subscription and a digest of its events.</summary>
    /// <exception cref="BillingException">There is none such.</exception>
    public async Task<byte[]> InvoiceAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default)
    {
        var invoice = await _invoices.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        var prices = await _prices.OfAsync(invoice, cancellationToken).ConfigureAwait(false);
        var origin = await _invoices.OriginAsync(invoice, cancellationToken).ConfigureAwait(false);
        var requests = await RequestsAsync(invoice, origin, prices, cancellationToken).ConfigureAwait(false);
        var events = await EventsAsync(invoice, requests, cancellationToken).ConfigureAwait(false);
        var earlier = await _earlier.OfAsync(invoice, origin, prices.Subscriptions, cancellationToken).ConfigureAwait(false);
        var billed = earlier.Select(document => document.Bill).OfType<Invoice>().SelectMany(bill => bill.Lines, (bill, line) => (Bill: bill, Line: line)).ToLookup(item => item.Line.Id);
        var priced = invoice.Lines.Select(line => (line.Id, Price: PriceOf(line))).Where(item => item.Price is not null).ToLookup(item => item.Price!.Id, item => (item.Id, Price: item.Price!));
        var subscribed = await SubscribedAsync(prices, cancellationToken).ConfigureAwait(false);
        var export = new InvoiceExport
        {
            Invoice = JsonElement.Parse(IssuedDocument.Of(invoice)),
            Seal = invoice.Seal,
            Totals = ExportedTotals.Of(invoice),
            Prices = priced.ToImmutableSortedDictionary(lines => lines.Key.ToString(), lines => lines.First().Price, StringComparer.Ordinal),
            LineTerms = priced.SelectMany(lines => lines.Where(line => !ReferenceEquals(line.Price.Terms, lines.First().Price.Terms))).ToImmutableSortedDictionary(line => line.Id.ToString(), line => line.Price.Terms, StringComparer.Ordinal),
            Metrics = requests.Select(request => request.Metric).DistinctBy(metric => metric.Id).ToImmutableSortedDictionary(metric => metric.Id.ToString(), metric => metric, StringComparer.Ordinal),
            Subscription = subscribed is [var only] ? only : null,
            Subscriptions = subscribed is [_, _, ..] ? [.. subscribed] : [],
            Zone = prices.Subscriptions.Select(item => item.Timeline.Zone).FirstOrDefault(DateTimeZone.Utc),
            Coupons = [.. prices.Subscriptions.SelectMany(item => item.CouponsOf(invoice.PartOf(item.Id))).DistinctBy(coupon => (coupon.Coupon, coupon.Terms))],
            Earlier = [.. earlier.Select(document => document.File)],
            Grants = await GrantsAsync(invoice, cancellationToken).ConfigureAwait(false),
            Events = EventDigest.Of(events),
        };
        return CanonicalJson.WriteWhole(Json(export with { Hash = Convert.ToHexStringLower(SHA256.HashData(CanonicalJson.WriteWhole(Json(export), "hash"))) }));

        // A line is given back by the terms that it was billed by.
        Price? PriceOf(InvoiceLine line) => line.GivesBack is { } id && billed[id].FirstOrDefault() is { Bill: { } bill } of ? prices.Find(of.Line, bill) : prices.Find(line, origin);
    }

    /// <summary>The events that an invoice was counted from, as they were known when it was issued, one JSON object a line, in the order of their sources and ids.</summary>
    /// <exception cref="BillingException">There is none such.</exception>
    public async Task<byte[]> EventsAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default)
    {
        var invoice = await _invoices.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        var origin = await _invoices.OriginAsync(invoice, cancellationToken).ConfigureAwait(false);
        var requests = await RequestsAsync(invoice, origin, await _prices.OfAsync(invoice, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return EventDigest.Write(await EventsAsync(invoice, requests, cancellationToken).ConfigureAwait(false));
    }

    private async Task<List<ExportedSubscription>> SubscribedAsync(BilledPriceList prices, CancellationToken cancellationToken)
    {
        var subscribed = new List<ExportedSubscription>();
        foreach (var subscription in prices.Subscriptions)
        {
            subscribed.Add(ExportedSubscription.Of(subscription, await _plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false)));
        }

        return subscribed;
    }

    private static JsonElement Json(InvoiceExport export) => JsonSerializer.SerializeToElement(export, BillingJson.Options);

    private async Task<IReadOnlyList<UsageRequest>> RequestsAsync(Invoice invoice, Invoice origin, BilledPriceList prices, CancellationToken cancellationToken)
    {
        var requests = new List<UsageRequest>();
        foreach (var line in invoice.Lines.Where(line => line is { Metric: not null, Period: not null, Kind: LineKind.Usage or LineKind.Adjustment }).DistinctBy(line => (line.Subscription, line.Price, line.Period)))
        {
            if (prices.Find(line, origin) is { } price)
            {
                var request = await _usage.RequestAsync(invoice.Tenant, new Charge(price, line.Quantity, line.Period!.Value, line.Factor) { Full = line.Full ?? line.Period!.Value, CarriedFrom = line.CarriedFrom }, invoice.Customer, prices.SubscriptionOf(line, invoice), cancellationToken).ConfigureAwait(false);
                requests.Add(request with { Recorded = await _known.AtIssueAsync(origin, line, request, price, cancellationToken).ConfigureAwait(false) });
            }
        }

        return requests;
    }

    // What goes on in a period may have begun long before it.
    private async Task<IReadOnlyList<UsageEvent>> EventsAsync(Invoice invoice, IReadOnlyList<UsageRequest> requests, CancellationToken cancellationToken)
    {
        var events = new Dictionary<(string Source, string Id), UsageEvent>();
        foreach (var request in requests)
        {
            var asked = request with { Period = new Interval(Instant.Max(NodaConstants.UnixEpoch, request.Reach.Start), request.Period.End) };
            foreach (var item in await _events.ReadEventsAsync(invoice.Tenant, asked, cancellationToken).ConfigureAwait(false))
            {
                events[(item.Source, item.Id)] = item;
            }
        }

        return [.. events.Values.OrderBy(item => item.Source, StringComparer.Ordinal).ThenBy(item => item.Id, StringComparer.Ordinal)];
    }

    private async Task<ImmutableArray<ExportedGrant>> GrantsAsync(Invoice invoice, CancellationToken cancellationToken)
    {
        var grants = await _credits.FindAsync(invoice.Tenant, [.. invoice.Credits.Select(use => use.Grant)], cancellationToken).ConfigureAwait(false);
        var exported = ImmutableArray.CreateBuilder<ExportedGrant>();
        foreach (var grant in grants)
        {
            var query = new StoreQuery { Limit = Limits.PageSize }.With("grant_id", grant.Id.ToString());
            var entries = (await _credits.EntriesAsync(invoice.Tenant, invoice.Customer, query, cancellationToken).ConfigureAwait(false)).Items;
            if (entries.FirstOrDefault(entry => entry.Invoice == invoice.Id && entry.Kind is CreditEntryKind.Used) is { } used)
            {
                exported.Add(new ExportedGrant(grant.Id, grant.Category, grant.Scope, grant.Priority, grant.Period.ExpiresAt, grant.CreatedAt, used.Balance - used.Amount));
            }
        }

        return exported.ToImmutable();
    }
}
