using System.Text.Json;

namespace BillApis.Tests.Vectors;

/// <summary>The answer of <c>POST /pricing/calculate</c> as a caller reads it.</summary>
internal sealed record Quote(JsonElement Json)
{
    public decimal Amount => Number(Json, "amount");

    public decimal AmountRounded => Number(Json, "amount_rounded");

    public decimal BilledQuantity => Number(Json, "billed_quantity");

    public IReadOnlyList<QuoteTier> Tiers => [.. Json.GetProperty("tiers").EnumerateArray().Select(tier => new QuoteTier(
        Number(tier, "from"), Number(tier, "quantity"), Number(tier, "unit_amount"), Number(tier, "flat_amount"), Number(tier, "amount")))];

    public (decimal Quantity, decimal Amount) Group(string dimension, string value)
    {
        var group = Json.GetProperty("groups").EnumerateArray().Single(item => item.GetProperty("key").GetProperty(dimension).GetString() == value);
        return (Number(group, "quantity"), Number(group, "amount"));
    }

    private static decimal Number(JsonElement json, string name) => json.GetProperty(name).GetDecimal();
}

/// <summary>One part of the answer.</summary>
internal sealed record QuoteTier(decimal From, decimal Quantity, decimal UnitAmount, decimal FlatAmount, decimal Amount);
