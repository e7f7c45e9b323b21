using System.Text.Json;
using System.Text.RegularExpressions;
using BillApis.Pricing;
using BillApis.Tests;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>The requests of docs/pricing.md give the answers that stand under them, and every model has one.</summary>
public sealed partial class DocumentedPricesTests
{
    private static readonly string Document = File.ReadAllText(Repository.PathOf("docs/pricing.md"));

    public static TheoryData<string, string> Examples => [.. Example().Matches(Document).Select(match => (match.Groups[1].Value, match.Groups[2].Value))];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Every_documented_answer_is_the_engines(string request, string steps) =>
        string.Join('\n', PriceCalculation.Quote(JsonDocument.Parse(request).RootElement).Steps).ShouldBe(steps.TrimEnd());

    [Fact]
    public void Every_model_is_documented_with_an_example() =>
        PriceExamples.All.Select(price => JsonDocument.Parse(price).RootElement.GetProperty("model").GetString()).Distinct()
            .Except(Examples.Select(example => JsonDocument.Parse(example.Data.Item1).RootElement.GetProperty("price").GetProperty("model").GetString()))
            .ShouldBeEmpty();

    [GeneratedRegex(@"```json\n(.*?)```\n```text\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
