using System.Text.Json;
using System.Text.Json.Nodes;

namespace BillApis.Tests.Vectors;

/// <summary>What <c>POST /pricing/calculate</c> answered: a payload, or the field that it refused.</summary>
internal sealed record Calculated(JsonElement Payload, string? RefusedField = null);

/// <summary>Asks <c>POST /pricing/calculate</c> everything of charge-models.json that its price can say; whoever answers, the code behind it or a host.</summary>
internal sealed class CalculatedVectors(Func<JsonObject, Task<Calculated>> calculate)
{
    /// <summary>Whether the contract has words for it: not for a line that is a part of a period, after others and under a discount.</summary>
    public static bool CanSay(Vector vector) => !vector.Inputs.ContainsKey("line_position");

    public Task<string?> RunAsync(Vector vector) => vector.Category switch
    {
        "progressive_delta" => DeltasAsync(vector),
        "usage_discount" => UsageDiscountAsync(vector),
        "unit_conversion" => ConversionAsync(vector),
        "bucketed" => BucketsAsync(vector),
        "blocks" => BlocksAsync(vector),
        "capacity" => CapacityAsync(vector),
        _ when vector.Inputs["price"]?["tiers"] is JsonArray tiers && tiers.Any(tier => tier!["flat_cap"] is not null) => CappedTiersAsync(vector),
        _ => OneAsync(vector),
    };

    private async Task<string?> OneAsync(Vector vector)
    {
        var found = new Differences(vector.Expected, "effective_unit_basis", "amount_rounding", "error");
        var price = vector.Inputs["price"]!.AsObject();
        if (vector.Category is "custom")
        {
            price = new JsonObject { ["model"] = "flat", ["amount"] = vector.Inputs["custom_amount"]!.DeepClone() };
        }

        var answer = await calculate(Request(vector, price));
        if (answer.RefusedField is { } field)
        {
            // What the peer refuses when it bills, we refuse when the price is made.
            return vector.Expected.ContainsKey("error") && field.EndsWith("up_to", StringComparison.Ordinal) ? null : $"refused for {field}";
        }

        Compare(found, vector, price, new Quote(answer.Payload));
        return found.Report();
    }

    private static void Compare(Differences found, Vector vector, JsonObject price, Quote quote)
    {
        var tier = quote.Tiers is [var first, ..] ? first : null;
        var paidUnits = Vector.Text(found.Expected["effective_unit_basis"]) is "paid_units";
        var units = paidUnits ? quote.BilledQuantity : vector.Of("full_units", vector.Of("units", Units(vector)));
        found.Compare("amount", vector.Inputs.ContainsKey("round_scale") ? quote.AmountRounded : quote.Amount, "amount_scale");
        found.Compare("effective_unit_amount", Effective(vector, units, quote), "effective_unit_scale");
        found.Compare("amount_with_tax", quote.AmountRounded + Cents(quote.AmountRounded * vector.Of("tax_rate_percent") / 100m));
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
    private static decimal Effective(Vector vector, decimal units, Quote quote) =>
        units == 0 || (vector.Category is "graduated_prorated" && Units(vector) <= 0) ? 0 : quote.Amount / units;

    private static void Breakdown(JsonArray tiers, Quote quote, Action<string> report)
    {
        if (tiers.Count != quote.Tiers.Count)
        {
            report($"breakdown: expected {tiers.Count} tiers, got {quote.Tiers.Count}");
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

    private static void Groups(JsonArray groups, Quote quote, Action<string> report)
    {
        foreach (var wanted in groups.Select(item => item!.AsObject()))
        {
            var group = quote.Group(wanted["key"]!.AsObject());
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
        var request = new JsonObject { ["price"] = contract, ["quantity"] = vector.Inputs.ContainsKey("tier_selection_units") ? null : Counted(vector.Inputs) };
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

    // What the metric counts: one that is floored at zero never comes to less.
    private static JsonNode? Counted(JsonObject inputs) =>
        Vector.Text(inputs["negative_usage"]) is "zero" && Vector.Number(inputs["units"]) < 0 ? 0 : inputs["units"]?.DeepClone();

    private static JsonArray Array(JsonArray items, Func<JsonNode?, JsonObject> map) => new([.. items.Select(map)]);

    private async Task<string?> ConversionAsync(Vector vector)
    {
        var price = new JsonObject { ["model"] = "per_unit", ["unit_amount"] = 1 };
        var found = new Differences(vector.Expected);
        found.Compare("billed_units", (await RateAsync(PeerPrice.Contract(price, vector.Peer, vector.Inputs), vector.Of("units"))).BilledQuantity);
        return found.Report();
    }

    private async Task<string?> UsageDiscountAsync(Vector vector)
    {
        var price = PeerPrice.Contract(new JsonObject { ["model"] = "per_unit", ["unit_amount"] = 1 }, vector.Peer, vector.Inputs);
        var before = (await RateAsync(price, vector.Of("pre_units"))).BilledQuantity;
        var billed = (await RateAsync(price, vector.Of("pre_units") + vector.Of("units"))).BilledQuantity - before;
        var found = new Differences(vector.Expected);
        found.Compare("billed_units", billed);
        found.Compare("billed_pre_units", before);
        found.Compare("discounted_units", vector.Of("units") - billed);
        found.Compare("discounted_pre_units", vector.Of("pre_units") - before);
        return found.Report();
    }

    // A tier that has a bound of its own is a price of its own, which is nothing in the other tiers.
    private async Task<string?> CappedTiersAsync(Vector vector)
    {
        var (total, whole) = (0m, vector.Inputs["price"]!.AsObject());
        for (var i = 0; i < whole["tiers"]!.AsArray().Count; i++)
        {
            var one = whole.DeepClone().AsObject();
            foreach (var other in one["tiers"]!.AsArray().Where((_, at) => at != i))
            {
                (other!["unit_amount"], other["flat_amount"]) = (0, 0);
            }

            one["cap_amount"] = one["tiers"]![i]!["flat_cap"]?.DeepClone();
            total += (await RateAsync(PeerPrice.Contract(one, vector.Peer, vector.Inputs), vector.Of("units"))).Amount;
        }

        var found = new Differences(vector.Expected);
        found.Compare("amount", vector.Inputs.ContainsKey("round_scale") ? Cents(total) : total);
        return found.Report();
    }

    // The minimum is due once, with the snapshot that closes the period.
    private async Task<string?> DeltasAsync(Vector vector)
    {
        var price = PeerPrice.Contract(vector.Inputs["price"]!.AsObject(), vector.Peer, vector.Inputs);
        var minimum = price["minimum_amount"];
        price.Remove("minimum_amount");
        var snapshots = vector.Inputs["cumulative_snapshots"]!.AsArray().Select(item => Vector.Number(item)!.Value).ToArray();
        var totals = new List<decimal> { 0 };
        for (var i = 0; i < snapshots.Length; i++)
        {
            price["minimum_amount"] = i == snapshots.Length - 1 && vector.Inputs["last_snapshot_closes_period"]!.GetValue<bool>() ? minimum : null;
            totals.Add((await RateAsync(price, snapshots[i])).AmountRounded);
        }

        var deltas = totals.Skip(1).Zip(totals, (after, before) => (decimal?)(after - before)).ToList();
        var found = new Differences(vector.Expected);
        found.Compare("delta_totals", (wanted, report) =>
        {
            if (!wanted.Select(Vector.Number).SequenceEqual(deltas))
            {
                report($"delta_totals: expected {wanted.ToJsonString()}, got {string.Join(", ", deltas)}");
            }
        });
        return found.Report();
    }

    private async Task<string?> BucketsAsync(Vector vector)
    {
        var price = PeerPrice.Contract(vector.Inputs["price"]!.AsObject(), vector.Peer, vector.Inputs);
        var total = 0m;
        foreach (var units in vector.Inputs["bucket_units"]!.AsArray())
        {
            total += (await RateAsync(price, Vector.Number(units)!.Value)).Amount;
        }

        var found = new Differences(vector.Expected);
        found.Compare("amount", Cents(total));
        return found.Report();
    }

    private async Task<string?> BlocksAsync(Vector vector)
    {
        var total = 0m;
        var found = new Differences(vector.Expected, "groups");
        foreach (var group in vector.Inputs["groups"]?.AsArray().Select(item => item!.AsObject()) ?? [vector.Inputs])
        {
            var unit = Vector.Text(group["key"]?["unit"]);
            var price = PeerPrice.Contract((unit is null ? vector.Inputs["price"] : vector.Inputs["price_by_unit"]![unit])!.AsObject(), vector.Peer);
            var rated = await RateAsync(price, Vector.Number(group["units"])!.Value);
            var before = await RateAsync(price, Vector.Number(group["previously_billed_units"]) ?? 0);
            total += rated.Amount - before.Amount;
            var amounts = rated.Tiers.Select((tier, i) => (decimal?)(tier.Amount - (i < before.Tiers.Count ? before.Tiers[i].Amount : 0))).ToArray();
            var wanted = vector.Expected["tier_amounts"] ?? vector.Expected["groups"]?.AsArray().Single(item => Vector.Text(item!["key"]!["unit"]) == unit)!["tier_amounts"];
            found.Compare("tier_amounts", (_, _) => { });
            if (wanted is not null && !wanted.AsArray().Select(Vector.Number).SequenceEqual(amounts))
            {
                return $"tier_amounts: expected {wanted.ToJsonString()}, got {string.Join(", ", amounts)}";
            }
        }

        var gross = vector.Inputs.ContainsKey("round_scale") ? Cents(total) : total;
        found.Compare("gross_amount", gross);
        found.Compare("amount", gross - vector.Of("previously_billed"));
        return found.Report();
    }

    // A capacity price is a stairstep for each unit, of which the highest is due.
    private async Task<string?> CapacityAsync(Vector vector)
    {
        var tiers = vector.Inputs["price"]!["tiers"]!.AsArray();
        var needed = new Dictionary<string, decimal>();
        foreach (var (unit, used) in vector.Inputs["usage"]!.AsObject())
        {
            var steps = new JsonArray([.. tiers.Select(tier => new JsonObject { ["up_to"] = tier!["limits"]![unit]?.DeepClone(), ["flat_amount"] = tier["amount"]!.DeepClone() })]);
            var price = PeerPrice.Contract(new JsonObject { ["model"] = "stairstep", ["tiers"] = steps }, vector.Peer);
            needed[unit] = (await RateAsync(price, Vector.Number(used)!.Value)).Amount;
        }

        var gross = needed.Values.Max();
        var found = new Differences(vector.Expected, "tier_by_unit");
        found.Compare("gross_amount", gross);
        found.Compare("amount", gross - vector.Of("previously_billed"));
        var wrong = vector.Expected["tier_by_unit"]?.AsObject().Where(unit => needed[unit.Key] != Vector.Number(tiers[(int)Vector.Number(unit.Value)! - 1]!["amount"])).Select(unit => unit.Key).ToList() ?? [];
        return wrong.Count > 0 ? $"tier_by_unit: {string.Join(", ", wrong)}" : found.Report();
    }

    private async Task<Quote> RateAsync(JsonObject price, decimal quantity)
    {
        var answer = await calculate(new JsonObject { ["price"] = price.DeepClone(), ["quantity"] = quantity });
        return answer.RefusedField is { } field ? throw new InvalidOperationException($"refused for {field}") : new Quote(answer.Payload);
    }

    private static decimal Cents(decimal amount) => Math.Round(amount, 2, MidpointRounding.AwayFromZero);
}
