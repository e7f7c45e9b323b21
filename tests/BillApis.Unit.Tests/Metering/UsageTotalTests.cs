using System.Globalization;
using System.Numerics;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Unit.Tests.Metering;

public sealed class UsageTotalTests
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);

    [Theory]
    [InlineData(Aggregation.Count)]
    [InlineData(Aggregation.Sum)]
    [InlineData(Aggregation.Average)]
    [InlineData(Aggregation.WeightedSum)]
    [InlineData(Aggregation.Max)]
    [InlineData(Aggregation.Min)]
    [InlineData(Aggregation.Latest)]
    public void A_total_in_any_order_and_split_is_what_the_list_of_its_events_says(Aggregation aggregation)
    {
        var random = new Random(11);
        var metric = new Metric { Code = "m", Name = "M", EventType = "m", Aggregation = aggregation };
        for (var round = 0; round < 200; round++)
        {
            var events = Enumerable.Range(0, random.Next(1, 12)).Select(i => (
                At: Start + Duration.FromTicks(10 * random.Next(5)),
                Event: new UsageEvent { Id = i.ToString("d2", CultureInfo.InvariantCulture), Type = "m" },
                Part: new Contribution(metric, Dimensions.None, new decimal(random.Next(), random.Next(), random.Next(2) * random.Next(1_000), random.Next(2) == 0, (byte)random.Next(13)), null))).ToList();
            var total = new UsageTotal();
            foreach (var split in events.OrderBy(_ => random.Next()).Chunk(random.Next(1, 4)))
            {
                var part = new UsageTotal();
                foreach (var (at, item, contribution) in split)
                {
                    part.Add(contribution, item, at, Start);
                }

                var both = total.Merge(part);
                total.Add(part);
                both.ShouldBe(total);
            }

            var latest = events.OrderBy(item => item.At).ThenBy(item => item.Event.Id, StringComparer.Ordinal).Last();
            var isSum = aggregation is Aggregation.Sum or Aggregation.Average or Aggregation.WeightedSum;
            total.Events.ShouldBe(events.Count);
            (total.Sum?.Units).ShouldBe(isSum ? Sum(events.Select(item => Units(item.Part.Value))) : null);
            (total.Moment?.Units).ShouldBe(aggregation is Aggregation.WeightedSum ? Sum(events.Select(item => Units(item.Part.Value) * (item.At - Start).BclCompatibleTicks / 10)) : null);
            total.Max.ShouldBe(aggregation is Aggregation.Max ? events.Max(item => item.Part.Value) : null);
            total.Min.ShouldBe(aggregation is Aggregation.Min ? events.Min(item => item.Part.Value) : null);
            total.Latest.ShouldBe(aggregation is Aggregation.Latest ? new LatestValue(latest.At, $"{latest.Event.Id}\napi", latest.Part.Value) : null);
        }
    }

    // By the digits of the number, as one writes it down.
    private static BigInteger Units(decimal value)
    {
        var text = value.ToString("F12", CultureInfo.InvariantCulture);
        return BigInteger.Parse(text.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    private static BigInteger Sum(IEnumerable<BigInteger> units) => units.Aggregate(BigInteger.Zero, (left, right) => left + right);
}
