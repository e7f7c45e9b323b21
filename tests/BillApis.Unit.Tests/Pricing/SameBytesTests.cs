using System.Globalization;
using System.Text;
using System.Text.Json;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>The culture, the time zone of the machine and the number of threads change no byte.</summary>
public sealed class SameBytesTests
{
    private static readonly string Expected = Everything();

    [Theory]
    [InlineData("de-DE")]
    [InlineData("ar-SA")]
    [InlineData("fa-IR")]
    [InlineData("tr-TR")]
    [InlineData("th-TH")]
    public void Under_any_culture(string culture)
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            Everything().ShouldBe(Expected);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("Pacific/Kiritimati")]
    [InlineData("America/St_Johns")]
    public void In_any_zone_of_the_machine(string zone)
    {
        var before = Environment.GetEnvironmentVariable("TZ");
        try
        {
            Environment.SetEnvironmentVariable("TZ", zone);
            TimeZoneInfo.ClearCachedData();
            Everything().ShouldBe(Expected);
        }
        finally
        {
            Environment.SetEnvironmentVariable("TZ", before);
            TimeZoneInfo.ClearCachedData();
        }
    }

    [Fact]
    public void On_any_number_of_threads() =>
        Enumerable.Range(0, 16).AsParallel().WithDegreeOfParallelism(8).Select(_ => Everything()).Distinct().ShouldBe([Expected]);

    // Quotes of every model with their texts, and a year of boundaries, as JSON.
    private static string Everything()
    {
        var text = new StringBuilder();
        foreach (var price in PriceExamples.All)
        {
            var request = JsonDocument.Parse($$$"""{"price":{{{price}}},"quantity":1234567.891,"events":[{"amount":12.5,"quantity":1234567.891,"properties":{"region":"İstanbul","size":"i"}}]}""").RootElement;
            text.AppendLine(JsonSerializer.Serialize(PriceCalculation.Quote(request), BillingJson.Options));
        }

        var schedule = new BillingSchedule(DateTimeZoneProviders.Tzdb["Asia/Tehran"], Instant.FromUnixTimeSeconds(1_700_000_000), BillingAnchor.OnDay(31), new(IntervalUnit.Month, 1));
        text.AppendJoin('\n', Enumerable.Range(0, 12).Select(i => JsonSerializer.Serialize(schedule.PeriodAt(i), BillingJson.Options)));
        return text.ToString();
    }
}
