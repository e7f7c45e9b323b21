using System.Collections.Immutable;
using System.Text.Json;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>Reads the body of <c>POST /pricing/calculate</c>.</summary>
internal static class CalculationRequest
{
    // A stored price's own fields may stand beside its terms, so that a price can be sent as it was read.
    private static readonly ImmutableArray<string> PriceFieldsOfOthers =
        ["id", "code", "name", "description", "product_id", "metric_id", "product", "metric", "metadata", "created_at", "updated_at", "archived_at", "version", "tenant", "terms"];

    public static (PriceTerms Terms, RatingInput Input, ProrationFactor Part) Read(JsonElement request)
    {
        if (request.ValueKind is not JsonValueKind.Object)
        {
            throw BillingException.Field("body", "must be an object");
        }

        var fields = new PriceFields(request, "");
        var terms = PriceTerms.Read(fields.Json("price") ?? throw fields.Refuse("price", "is required"), "price", PriceFieldsOfOthers);
        terms = fields.Has("currency") ? terms.In(fields.Currency("currency")) : terms;
        var events = fields.Has("events") ? fields.List("events", item => ReadEvent(item, terms.Model)) : [];
        var part = fields.Has("period") ? fields.Nested("period", period => new Part(ReadPart(period, terms)))!.Factor : ProrationFactor.Whole;
        var quantity = fields.OptionalDecimal("quantity") ?? Quantity(terms, events, fields);
        fields.RefuseOthers(_ => false, "the request");
        return (terms, new RatingInput(quantity) { Events = events }, part);
    }

    private static decimal Quantity(PriceTerms terms, ImmutableArray<RatingEvent> events, PriceFields fields) => terms.Model.PricedBy switch
    {
        _ when fields.Has("events") => Sum(events, terms.Model.PricedBy is PricedBy.Amounts),
        PricedBy.Nothing => 1,
        _ => throw fields.Refuse("quantity", "is required where there are no events"),
    };

    private static decimal Sum(ImmutableArray<RatingEvent> events, bool amounts)
    {
        try
        {
            return events.Aggregate(0m, (sum, item) => Exact.Add(sum, amounts ? item.Amount : item.Quantity));
        }
        catch (OverflowException overflow)
        {
            throw BillingException.Field("events", $"cannot be added up exactly: {overflow.Message}");
        }
    }

    private static RatingEvent ReadEvent(PriceFields fields, PriceModel model)
    {
        var properties = ReadProperties(fields);
        var amount = fields.OptionalDecimal("amount") ?? (model is DynamicPrice { AmountProperty: { } name } && properties.TryGetValue(name, out var text) ? Number(text, name, fields) : null);
        var quantity = fields.OptionalDecimal("quantity");
        if (model.IsOfMoney)
        {
            // A slice of a total may be said as its quantity; what is charged event by event may not.
            quantity = amount ?? (model.PricedBy is PricedBy.Quantity ? quantity : null) ?? throw fields.Refuse("amount", $"is required by a {model.Name} price");
        }

        return new(amount ?? 0, quantity ?? 1, properties) { ProratedQuantity = fields.OptionalDecimal("prorated_quantity") };
    }

    private static decimal Number(string text, string name, PriceFields fields) => Exact.TryParse(text, out var number)
        ? number
        : throw fields.Refuse(PriceCheck.Join("properties", name), $"must be a decimal number of at most 15 integer and {Limits.FractionDigits} fractional digits");

    private static ImmutableSortedDictionary<string, string> ReadProperties(PriceFields fields)
    {
        var properties = fields.Json("properties");
        if (properties is { ValueKind: not JsonValueKind.Object })
        {
            throw fields.Refuse("properties", "must be an object");
        }

        return properties?.EnumerateObject()
            .Where(item => item.Value.ValueKind is not JsonValueKind.Null)
            .GroupBy(item => item.Name, StringComparer.Ordinal)
            .ToImmutableSortedDictionary(item => item.Key, item => PriceFields.TextOf(item.Last().Value), StringComparer.Ordinal)
            ?? ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);
    }

    // Where the whole period is not said, it is one interval of the price from the start.
    private static ProrationFactor ReadPart(PriceFields period, PriceTerms terms)
    {
        var zone = period.Zone("timezone") ?? DateTimeZone.Utc;
        var start = period.Moment("start") ?? throw period.Refuse("start", "is required");
        var end = period.Moment("end") ?? throw period.Refuse("end", "is required");
        _ = end > start ? 0 : throw period.Refuse("end", "must be after start");
        var fullStart = period.Moment("full_start") ?? start;
        var interval = terms.Interval ?? new BillingInterval(IntervalUnit.Month, 1);
        var fullEnd = period.Moment("full_end") ?? (terms.Interval is null ? end : new BillingSchedule(zone, fullStart, BillingAnchor.Subscription, interval).NextBoundary(fullStart));
        _ = fullEnd > fullStart ? 0 : throw period.Refuse("full_end", "must be after full_start");
        return ProrationFactor.Of(terms.Proration, new(start, end), new(fullStart, fullEnd), zone);
    }

    private sealed record Part(ProrationFactor Factor);
}
