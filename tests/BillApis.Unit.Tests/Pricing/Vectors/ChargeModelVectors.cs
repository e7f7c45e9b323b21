using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Pricing;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>Runs the vectors of charge-models.json, through <c>POST /pricing/calculate</c>'s own code where one rating answers them.</summary>
internal static class ChargeModelVectors
{
    private static readonly Currency Usd = Currency.Parse("USD");

    public static string? Run(Vector vector) => vector.Category switch
    {
        "progressive_delta" => OpenMeterVectors.Deltas(vector),
        "usage_discount" => OpenMeterVectors.UsageDiscount(vector),
        "unit_conversion" => Conversion(vector),
        "bucketed" => Buckets(vector),
        "blocks" => Blocks(vector),
        "capacity" => Capacity(vector),
        _ when vector.Inputs.ContainsKey("line_position") => OpenMeterVectors.Line(vector),
        _ => Calculated(vector),
    };

    private static string? Calculated(Vector vector)
    {
        var found = new Differences(vector.Expected, "effective_unit_basis", "amount_rounding", "error");
        var price = vector.Inputs["price"]!.AsObject();
        if (vector.Category is "custom")
        {
            price = new JsonObject { ["model"] = "flat", ["amount"] = vector.Inputs["custom_amount"]!.DeepClone() };
        }

        PriceQuote quote;
        try
        {
            quote = PriceCalculation.Quote(JsonSerializer.SerializeToElement(Request(vector, price)));
        }
        catch (BillingException refusal) when (vector.Expected.ContainsKey("error") && refusal.Details[0].Field.EndsWith("up_to", StringComparison.Ordinal))
        {
            return null; // What the peer refuses when it bills, we refuse when the price is made.
        }

        Compare(found, vector, price, quote);
        return found.Report();
    }

    private static void Compare(Differences found, Vector vector, JsonObject price, PriceQuote quote)
    {
        var tier = quote.Tiers.FirstOrDefault();
        var paidUnits = Vector.Text(found.Expected["effective_unit_basis"]) is "paid_units";
        var units = paidUnits ? quote.BilledQuantity : vector.Of("full_units", vector.Of("units", Units(vector)));
        found.Compare("amount", vector.Inputs.ContainsKey("round_scale") ? quote.AmountRounded : quote.Amount, "amount_scale");
        found.Compare("effective_unit_amount", Effective(vector, units, quote), "effective_unit_scale");
        found.Compare("amount_with_tax", quote.AmountRounded + Money.Round(quote.AmountRounded * vector.Of("tax_rate_percent") / 100m, Usd).Amount);
        found.Compare("paid_units", quote.BilledQuantity);
        found.Compare("free_units", Units(vector) - quote.BilledQuantity);
        found.Compare("fixed_total", tier?.FlatAmount ?? 0);
        found.Compare("flat_amount", tier?.FlatAmount ?? 0);
        found.Compare("percentage_total", quote.Amount - (tier?.FlatAmount ?? 0));
        found.Compare("unit_total", quote.Amount - (tier?.FlatAmount ?? 0));
        found.Compare("tier", tier is null ? 1 : price["tiers"]?.AsArray().Count(item => Vector.Number(item!["up_to"]) <= tier.From) + 1 ?? 0);
        found.Compare("packages", quote.Amount / (Vector.Number(price["package_amount"]) ?? 1));
        var fixedFee = Vector.Number(price["fixed_amount"]) ?? 0;
        var paidEvents = fixedFee > 0 ? (tier?.FlatAmount ?? 0) / fixedFee : Vector.Number(found.Expected["paid_events"]) ?? 0;
        found.Compare("paid_events", paidEvents);
        found.Compare("free_events", (vector.Inputs["events"]?.AsArray().Count ?? 0) - paidEvents);
        found.Compare("breakdown", (tiers, report) => Breakdown(tiers, quote, report));
        found.Compare("groups", (groups, report) => Groups(groups, quote, report));
    }

    // A prorated removal of everything leaves nothing to divide by; the peer shows 0 then, as we do.
    private static decimal Effective(Vector vector, decimal units, PriceQuote quote) =>
        units == 0 || (vector.Category is "graduated_prorated" && Units(vector) <= 0) ? 0 : quote.Amount / units;

    private static void Breakdown(JsonArray tiers, PriceQuote quote, Action<string> report)
    {
        if (tiers.Count != quote.Tiers.Length)
        {
            report($"breakdown: expected {tiers.Count} tiers, got {quote.Tiers.Length}");
            return;
        }

        foreach (var (wanted, tier) in tiers.Select(item => item!.AsObject()).Zip(quote.Tiers))
        {
            var one = new Differences(wanted, "tier");
            one.Compare("units", tier.Quantity);
            one.Compare("unit_amount", tier.Quantity == 0 ? 0 : tier.UnitAmount);
            one.Compare("rate_percent", tier.UnitAmount * 100m);
            one.Compare("flat_amount", tier.FlatAmount);
            one.Compare("unit_total", tier.Amount - tier.FlatAmount);
            one.Compare("total", tier.Amount);
            _ = one.Report() is { } differences ? Do(report, differences) : 0;
        }
    }

    private static void Groups(JsonArray groups, PriceQuote quote, Action<string> report)
    {
        foreach (var wanted in groups.Select(item => item!.AsObject()))
        {
            var key = wanted["key"]!.AsObject().Single();
            var group = quote.Groups.Single(item => item.Key[key.Key] == Vector.Text(key.Value));
            var one = new Differences(wanted, "key");
            one.Compare("units", group.Quantity);
            one.Compare("amount", group.Amount);
            _ = one.Report() is { } differences ? Do(report, differences) : 0;
        }
    }

    private static int Do(Action<string> report, string text)
    {
        report(text);
        return 0;
    }

    private static decimal Units(Vector vector) => vector.Inputs["events"] is JsonArray events
        ? events.Sum(item => item is JsonObject full ? Vector.Number(full["full_units"])!.Value : Vector.Number(item)!.Value)
        : vector.Of("units");

    private static JsonObject Request(Vector vector, JsonObject price)
    {
        var contract = PeerPrice.Contract(price, vector.Peer, vector.Inputs);
        var request = new JsonObject { ["price"] = contract, ["quantity"] = vector.Inputs.ContainsKey("tier_selection_units") ? null : vector.Inputs["units"]?.DeepClone() };
        var inputs = vector.Inputs;
        request["events"] = (inputs["events"] as JsonArray, inputs["event_amounts_cents"] as JsonArray, inputs["groups"] as JsonArray) switch
        {
            ({ } events, _, _) => Array(events, item => item is JsonObject full
                ? new() { ["quantity"] = full["full_units"]!.DeepClone(), ["prorated_quantity"] = full["prorated_units"]!.DeepClone() }
                : new() { ["amount"] = item!.DeepClone() }),
            (_, { } cents, _) => Array(cents, item => new() { ["amount"] = Vector.Number(item) / 100m }),
            (_, _, { } groups) => Array(groups, item => new() { ["quantity"] = item!["units"]!.DeepClone(), ["properties"] = item["key"]!.DeepClone() }),
            _ when inputs.ContainsKey("tier_selection_units") => new JsonArray(new JsonObject { ["quantity"] = inputs["tier_selection_units"]!.DeepClone(), ["prorated_quantity"] = inputs["units"]!.DeepClone() }),
            _ => null,
        };
        if (inputs["groups"] is JsonArray { Count: > 0 } keyed)
        {
            contract["group_by"] = new JsonArray([.. keyed[0]!["key"]!.AsObject().Select(item => (JsonNode)item.Key)]);
        }

        return request;
    }

    private static JsonArray Array(JsonArray items, Func<JsonNode?, JsonObject> map) => new([.. items.Select(map)]);

    private static string? Conversion(Vector vector)
    {
        var price = new JsonObject { ["model"] = "per_unit", ["unit_amount"] = 1 };
        var found = new Differences(vector.Expected);
        found.Compare("billed_units", Rating.Rate(PeerPrice.Terms(price, vector.Peer, vector.Inputs), new(vector.Of("units"))).BilledQuantity);
        return found.Report();
    }

    private static string? Buckets(Vector vector)
    {
        var terms = PeerPrice.Terms(vector.Inputs["price"]!.AsObject(), vector.Peer, vector.Inputs);
        var total = vector.Inputs["bucket_units"]!.AsArray().Sum(units => Rating.Rate(terms, new(Vector.Number(units)!.Value)).Amount);
        var found = new Differences(vector.Expected);
        found.Compare("amount", Money.Round(total, Usd).Amount);
        return found.Report();
    }

    private static string? Blocks(Vector vector)
    {
        var total = 0m;
        var found = new Differences(vector.Expected, "groups");
        foreach (var group in vector.Inputs["groups"]?.AsArray().Select(item => item!.AsObject()) ?? [vector.Inputs])
        {
            var unit = Vector.Text(group["key"]?["unit"]);
            var terms = PeerPrice.Terms((unit is null ? vector.Inputs["price"] : vector.Inputs["price_by_unit"]![unit])!.AsObject(), vector.Peer);
            var rated = Rating.Rate(terms, new(Vector.Number(group["units"])!.Value));
            var before = Rating.Rate(terms, new(Vector.Number(group["previously_billed_units"]) ?? 0));
            total += rated.Amount - before.Amount;
            var amounts = rated.Tiers.Select((tier, i) => tier.Amount - (i < before.Tiers.Length ? before.Tiers[i].Amount : 0)).ToArray();
            var wanted = vector.Expected["tier_amounts"] ?? vector.Expected["groups"]?.AsArray().Single(item => Vector.Text(item!["key"]!["unit"]) == unit)!["tier_amounts"];
            found.Compare("tier_amounts", (_, _) => { });
            if (wanted is not null && !wanted.AsArray().Select(Vector.Number).SequenceEqual(amounts.Cast<decimal?>()))
            {
                return $"tier_amounts: expected {wanted.ToJsonString()}, got {string.Join(", ", amounts)}";
            }
        }

        var gross = vector.Inputs.ContainsKey("round_scale") ? Money.Round(total, Usd).Amount : total;
        found.Compare("gross_amount", gross);
        found.Compare("amount", gross - vector.Of("previously_billed"));
        return found.Report();
    }

    // A capacity price is a stairstep for each unit, of which the highest is due.
    private static string? Capacity(Vector vector)
    {
        var tiers = vector.Inputs["price"]!["tiers"]!.AsArray();
        var needed = vector.Inputs["usage"]!.AsObject().ToDictionary(unit => unit.Key, unit =>
        {
            var steps = new JsonArray([.. tiers.Select((tier, i) => new JsonObject { ["up_to"] = i == tiers.Count - 1 ? null : tier!["limits"]![unit.Key]?.DeepClone(), ["flat_amount"] = tier!["amount"]!.DeepClone() })]);
            return Rating.Rate(PeerPrice.Terms(new JsonObject { ["model"] = "stairstep", ["tiers"] = steps }, vector.Peer), new(Vector.Number(unit.Value)!.Value));
        });
        var gross = needed.Values.Max(rated => rated.Amount);
        var found = new Differences(vector.Expected, "tier_by_unit");
        found.Compare("gross_amount", gross);
        found.Compare("amount", gross - vector.Of("previously_billed"));
        var wrong = vector.Expected["tier_by_unit"]?.AsObject().Where(unit => needed[unit.Key].Amount != Vector.Number(tiers[(int)Vector.Number(unit.Value)! - 1]!["amount"])).Select(unit => unit.Key).ToList() ?? [];
        return wrong.Count > 0 ? $"tier_by_unit: {string.Join(", ", wrong)}" : found.Report();
    }
}
