namespace BillApis.Scenarios;

/// <summary>The life of docs/testing.md, line by line.</summary>
public sealed class DocumentedTests(Databases databases) : LifeTests(databases)
{
    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_bills_of_the_documentation_are_those_of_its_code(string storage)
    {
        // 31.00 × 17/31 for the rest of January; 250 × 0.01 and the fee of February.
        await using var life = await StartAsync(storage, "2026-01-15");
        await life.CustomerAsync("acme");
        await life.PlanAsync("pro", Offer.Fee("fee", 31), Offer.Usage("calls", "call", new PerUnitPrice(0.01m)));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.UseAsync("acme", "call", 250, "2026-01-20");
        await life.GoToAsync("2026-02-02");
        var text = (await File.ReadAllTextAsync(Repository.PathOf("docs", "testing.md"), TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");
        await BillsAsync(life, text.Split("```text\n")[1].Split("\n```")[0]);
        var code = await File.ReadAllTextAsync(Repository.PathOf("tests", "BillApis.Scenarios", "DocumentedTests.cs"), TestContext.Current.CancellationToken);
        foreach (var line in text.Split("```csharp\n")[1].Split("\n```")[0].Split('\n').Where(line => line.StartsWith("await life.", StringComparison.Ordinal)))
        {
            code.ShouldContain(line);
        }
    }
}
