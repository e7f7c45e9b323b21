using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Pricing;

namespace BillApis.Tests.Vectors;

/// <summary>A peer's price in the words of the REST contract.</summary>
internal static class PeerPrice
{
    private static readonly Dictionary<string, string> Profiles = new()
    {
        ["getlago/lago-api"] = "lago",
        ["openmeterio/openmeter"] = "openmeter",
        ["killbill/killbill"] = "killbill",
        ["flexprice/flexprice"] = "flexprice",
    };

    public static PriceTerms Terms(JsonObject price, string peer, JsonObject? inputs = null) =>
        PriceTerms.Read(JsonSerializer.SerializeToElement(Contract(price, peer, inputs)));

    public static JsonObject Contract(JsonObject price, string peer, JsonObject? inputs = null)
    {
        var semantics = Profiles.GetValueOrDefault(peer, "billapis");
        var contract = Model(price, semantics);
        contract["currency"] = "USD";
        contract["semantics"] = semantics;
        contract["unit_conversion"] ??= inputs?["unit_conversion"]?.DeepClone();
        if (price["zero_usage_flat"] is { } flat)
        {
            contract["flat_when_zero"] = flat.DeepClone();
        }

        contract["minimum_amount"] = inputs?["min_spend"]?.DeepClone();
        contract["maximum_amount"] = (inputs?["max_spend"] ?? price["cap_amount"])?.DeepClone();
        contract["allow_negative"] = Vector.Text(inputs?["negative_usage"]) is "credit";
        contract["included_quantity"] ??= inputs?["usage_discount_units"]?.DeepClone();
        return contract;
    }

    private static JsonObject Model(JsonObject price, string semantics) => Vector.Text(price["model"]) switch
    {
        "flat" => Fields(price, ("model", "model"), ("amount", "amount")),
        "per_unit" => Fields(price, ("model", "model"), ("unit_amount", "unit_amount")),
        "package" => Fields(price, ("model", "model"), ("package_size", "package_size"), ("package_amount", "package_amount"), ("free_units", "included_quantity"), ("rounding", "package_rounding")),
        "percentage" => Fields(price, ("model", "model"), ("rate_percent", "rate"), ("fixed_amount", "fixed_per_event"), ("free_events", "free_events"), ("free_amount", "free_amount"), ("min_per_transaction", "min_per_event"), ("max_per_transaction", "max_per_event")),
        "dynamic" => Fields(price, ("model", "model"), ("multiplier", "multiplier")),
        "graduated_percentage" => new JsonObject { ["model"] = "graduated_percentage", ["tiers"] = List(price, tier => Fields(tier, ("up_to", "up_to"), ("rate_percent", "rate"), ("flat_amount", "flat_amount"))) },
        "matrix" => Matrix(price),
        "blocks" => new JsonObject { ["model"] = Vector.Text(price["policy"]) is "all_tiers" ? "graduated" : "volume", ["tiers"] = Blocks(price) },
        _ => Tiered(price, semantics),
    };

    private static JsonObject Tiered(JsonObject price, string semantics)
    {
        var tiers = List(price, tier => Fields(tier, ("up_to", "up_to"), ("unit_amount", "unit_amount"), ("flat_amount", "flat_amount")));
        if (tiers[^1]!["up_to"] is not null && semantics is "billapis" && Vector.Text(price["overflow"]) is not "error")
        {
            // A peer without a reading of its own here: what lies beyond its bounded last tier is free (Polar), or at that tier's price.
            tiers.Add(new JsonObject { ["up_to"] = null, ["unit_amount"] = Vector.Text(price["overflow"]) is "ignore" ? 0 : tiers[^1]!["unit_amount"]!.DeepClone() });
        }

        if (Vector.Number(price["allowance_units"]) is { } allowance)
        {
            // The bounds count what lies beyond the allowance; once it is passed, all units are charged.
            foreach (var tier in tiers)
            {
                tier!["up_to"] = Vector.Number(tier["up_to"]) + allowance;
            }

            tiers.Insert(0, new JsonObject { ["up_to"] = allowance, ["unit_amount"] = 0 });
        }

        var contract = new JsonObject { ["model"] = price["model"]!.DeepClone(), ["tiers"] = tiers };
        if (Vector.Number(price["billing_units"]) is { } block)
        {
            foreach (var tier in tiers)
            {
                tier!["up_to"] = Vector.Number(tier["up_to"]) / block;
            }

            contract["unit_conversion"] = new JsonObject { ["operation"] = "divide", ["factor"] = block, ["rounding"] = "ceil" };
        }

        return contract;
    }

    // A cell that does not name a dimension takes any value of it.
    private static JsonObject Matrix(JsonObject price)
    {
        var cells = price["cells"]!.AsArray();
        string[] dimensions = [.. cells.SelectMany(cell => cell!["match"]!.AsObject().Select(item => item.Key)).Distinct()];
        return new JsonObject
        {
            ["model"] = "matrix",
            ["dimensions"] = new JsonArray([.. dimensions.Select(name => (JsonNode)name)]),
            ["cells"] = new JsonArray([.. cells.Select(cell => new JsonObject
            {
                ["values"] = new JsonArray([.. dimensions.Select(name => cell!["match"]![name]?.DeepClone())]),
                ["unit_amount"] = Each(cell!["price"] ?? cell),
            })]),
            ["default_unit_amount"] = price["default"] is { } otherwise ? Each(otherwise) : null,
        };
    }

    private static JsonNode? Each(JsonNode price) => (price is JsonObject terms ? terms["unit_amount"] : price)?.DeepClone();

    private static JsonArray Blocks(JsonObject price)
    {
        var (tiers, bound) = (new JsonArray(), 0m);
        var all = price["tiers"]!.AsArray();
        for (var i = 0; i < all.Count; i++)
        {
            var size = Vector.Number(all[i]!["block_size"])!.Value;
            bound += size * (Vector.Number(all[i]!["max_blocks"]) ?? 0);
            tiers.Add(new JsonObject { ["up_to"] = all[i]!["max_blocks"] is null ? null : bound, ["unit_amount"] = all[i]!["block_amount"]!.DeepClone(), ["package_size"] = size });
        }

        return tiers;
    }

    private static JsonArray List(JsonObject price, Func<JsonObject, JsonObject> map)
    {
        var tiers = new JsonArray([.. price["tiers"]!.AsArray().Select(tier => map(tier!.AsObject()))]);
        foreach (var tier in tiers.Select(tier => tier!.AsObject()).Where(tier => !tier.ContainsKey("up_to")))
        {
            tier["up_to"] = null;
        }

        return tiers;
    }

    private static JsonObject Fields(JsonObject from, params (string Theirs, string Ours)[] names)
    {
        var contract = new JsonObject();
        foreach (var (theirs, ours) in names.Where(name => from.ContainsKey(name.Theirs)))
        {
            contract[ours] = from[theirs]?.DeepClone();
        }

        return contract;
    }
}
