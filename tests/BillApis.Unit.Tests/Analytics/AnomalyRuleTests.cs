using NodaTime;

namespace BillApis.Unit.Tests.Analytics;

public sealed class AnomalyRuleTests
{
    private static readonly Interval Hour = new(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 1, 1, 1, 0));

    // Each hour as quantity:events.
    [Theory]
    [InlineData("300:10", "100:1 99:5", null)]
    [InlineData("300.000000000001:10", "100:1 99:5", UsageAnomalyKind.Spike)]
    [InlineData("300.000000000001:9", "100:1 99:5", null)]
    [InlineData("300.000000000001:10", "100:1", null)]
    [InlineData("10:10", "0:0 0:0", UsageAnomalyKind.Spike)]
    [InlineData("1:10", "-50:10 -60:10", UsageAnomalyKind.Spike)]
    [InlineData("0:0", "100:10 5:10 7:12 9:11", UsageAnomalyKind.Silence)]
    [InlineData("0:0", "100:10 5:9 7:12 9:11", null)]
    [InlineData("0:1", "100:10 5:10 7:12 9:11", null)]
    [InlineData("0:0", "100:10", null)]
    [InlineData("0:0", "0:0 0:0", null)]
    public void An_hour_is_judged_by_the_same_hour_of_the_weeks_before(string hour, string past, UsageAnomalyKind? expected) =>
        AnomalyRule.Judge(Point(hour), [.. past.Split(' ').Select(Point)]).ShouldBe(expected);

    [Theory]
    [InlineData("150", "100", "50", "50")]
    [InlineData("100", "150", "-50", "-33.33")]
    [InlineData("1", "8", "-7", "-87.5")]
    [InlineData("1.00005", "1", "0.00005", "0.01")]
    [InlineData("5", "0", "5", null)]
    public void A_change_is_exact_and_its_percentage_is_rounded_once(string value, string previous, string change, string? percent)
    {
        var figure = new UsageFigure(Number(value), 1, Number(previous));
        figure.Change.ShouldBe(Number(change));
        figure.ChangePercent.ShouldBe(percent is null ? null : Number(percent));
    }

    private static UsagePoint Point(string text) => new(Hour, Number(text.Split(':')[0]), (long)Number(text.Split(':')[1]));

    private static decimal Number(string text) => Exact.TryParse(text, out var number) ? number : throw new ArgumentException(text, nameof(text));
}
