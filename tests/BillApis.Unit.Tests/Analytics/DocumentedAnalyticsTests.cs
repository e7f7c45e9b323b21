using System.Globalization;

namespace BillApis.Unit.Tests.Analytics;

/// <summary>The numbers that docs/analytics.md gives are those of the code.</summary>
public sealed class DocumentedAnalyticsTests
{
    public static TheoryData<string> Sentences =>
    [
        Text($"in the {AnomalyRule.Weeks} weeks before"), Text($"at least {AnomalyRule.LeastWeeks} weeks must count"), Text($"more than {AnomalyRule.SpikeFactor} times the greatest of them, with at least {AnomalyRule.LeastEvents} events"),
        Text($"each of them had at least {AnomalyRule.LeastEvents}."), Text($"1 to {Limits.GroupsPerReport} | nothing, {UsageReportQuery.DefaultTop} |"), Text($"up to {Limits.ReadingsPerReport:N0} quantities"),
    ];

    [Theory]
    [MemberData(nameof(Sentences))]
    public void A_number_in_the_document_is_the_number_in_the_code(string sentence) => File.ReadAllText(Repository.PathOf("docs", "analytics.md")).ShouldContain(sentence);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
