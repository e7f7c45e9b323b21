using System.Globalization;
using System.Text.Json.Nodes;
using BillApis.Tests.Vectors;
using BigInteger = System.Numerics.BigInteger;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>The peers' billed cycles, and variants of each, against days counted on .NET's own calendar and fractions of whole numbers.</summary>
public sealed class CycleVariantTests
{
    [Fact]
    public void The_count_by_days_agrees_with_the_peers_figures() =>
        Cycles().Where(vector => vector.Expected.ContainsKey("cycles") && !Reasons.All.ContainsKey(vector.Id))
            .Where(vector => CountOf(vector.Inputs) != Vector.Number(vector.Expected["cycles"])).Select(vector => $"{vector.Id}: {CountOf(vector.Inputs)}").ShouldBeEmpty();

    [Fact]
    public void Variants_of_them_come_to_the_same_either_way() =>
        VectorRun.CheckVariants(Cycles(), 30, Vary, inputs => new JsonObject { ["cycles"] = CountOf(inputs).ToString(CultureInfo.InvariantCulture) }, ProrationVectors.Run);

    private static List<Vector> Cycles() => [.. Vector.Of("proration").Where(vector => vector.Category is "billed_cycles")];

    // Days at the ends of months and the days around those of the peers are the ones that matter.
    private static JsonObject Vary(JsonObject peers, Random random)
    {
        var inputs = peers.DeepClone().AsObject();
        var start = Date(peers["start"]).AddDays(random.Next(3) == 0 ? 0 : random.Next(-400, 400));
        var target = start.AddDays(random.Next(2) == 0 ? random.Next(0, 40) : random.Next(0, 1_200));
        (inputs["start"], inputs["target"]) = (Text(start), Text(target));
        inputs["billing_day"] = random.Next(3) switch { 0 => random.Next(28, 32), 1 => start.Day, _ => random.Next(1, 32) };
        inputs["interval"] = random.Next(3) switch { 0 => "monthly", 1 => "quarterly", _ => "yearly" };
        inputs.Remove("end");
        if (random.Next(3) > 0)
        {
            inputs["end"] = Text(start.AddDays(random.Next(2) == 0 ? random.Next(0, 40) : random.Next(0, 1_200)));
        }

        return inputs;
    }

    // Periods are counted from the billing day of the month of the start, each by its own number; the first is what is left of the one that the start lies in.
    private static decimal CountOf(JsonObject inputs)
    {
        var (start, target, day) = (Date(inputs["start"]), Date(inputs["target"]), (int)Vector.Number(inputs["billing_day"])!.Value);
        var end = inputs["end"] is { } given ? Date(given) : DateOnly.MaxValue;
        var months = Vector.Text(inputs["interval"]) switch { "monthly" => 1, "quarterly" => 3, _ => 12 };
        var month = (start.Year * 12) + start.Month - 1;
        var billionths = BigInteger.Zero;
        var from = start;
        for (var next = On(month, day) > start ? month : month + months; from <= target && from < end; next += months)
        {
            var (whole, served) = (On(next, day).DayNumber - On(next - months, day).DayNumber, Math.Min(On(next, day).DayNumber, end.DayNumber) - from.DayNumber);
            billionths += ((2 * new BigInteger(1_000_000_000) * served) + whole) / (2 * whole);
            from = On(next, day);
        }

        return (decimal)billionths / 1_000_000_000m;
    }

    private static DateOnly On(int month, int day) => new(month / 12, (month % 12) + 1, Math.Min(day, DateTime.DaysInMonth(month / 12, (month % 12) + 1)));

    private static DateOnly Date(JsonNode? node) => DateOnly.ParseExact(Vector.Text(node)!, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
