using System.Text.Json;
using System.Text.Json.Nodes;

namespace BillApis.Tests.Vectors;

/// <summary>The answer of <c>POST /pricing/calculate</c> as a caller reads it.</summary>
internal sealed record Quote(JsonElement Json)
{
    public decimal Amount => Number(Json, "amount");

    public decimal AmountRounded => Number(Json, "amount_rounded");

    public decimal BilledQuantity => Number(Json, "billed_quantity");

    public IReadOnlyList<QuoteTier> Tiers => [.. Json.GetProperty("tiers").EnumerateArray().Select(tier => new QuoteTier(
        Number(tier, "from"), Number(tier, "quantity"), Number(tier, "unit_amount"), Number(tier, "flat_amount"), Number(tier, "amount")))];

    public (decimal Quantity, decimal Amount) Group(JsonObject key)
    {
        var group = Json.GetProperty("groups").EnumerateArray().Single(item => key.All(part => item.GetProperty("key").GetProperty(part.Key).GetString() == Vector.Text(part.Value)));
        return (Number(group, "quantity"), Number(group, "amount"));
    }

    private static decimal Number(JsonElement json, string name) => json.GetProperty(name).GetDecimal();
}

/// <summary>One part of the answer.</summary>
internal sealed record QuoteTier(decimal From, decimal Quantity, decimal UnitAmount, decimal FlatAmount, decimal Amount);
