using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace BillApis.Scenarios;

/// <summary>Adjustments are explained by what the schedule charged for their period and what was billed of it before: sound ones agree, and those that somebody changed in the database do not, whatever they say.</summary>
public sealed class AdjustedTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly Databases _databases = databases;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_missing_to_the_minimum_of_groups_is_explained_by_what_was_known_as_it_was_adjusted(string storage)
    {
        // Packages of 100 at 5.00: 250 of eu and 20 of us are 15.00 and 5.00, and 10.00 are missing. Without those of us 15.00 are; 201 more of eu come only after that was billed.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PackagePrice(100, 5)).Having(terms => terms with { GroupBy = ["region"], MinimumAmount = 30 }));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 250, "2026-01-05", ("region", "eu"));
        var wrong = await life.UseAsync("acme", "call", 20, "2026-01-06", ("region", "us"));
        await life.GoToAsync("2026-02-02");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-03-02");
        await life.UseAsync("acme", "call", 201, "2026-01-20", ("region", "eu"));
        await life.GoToAsync("2026-04-01");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Where(line => line.Kind is LineKind.Adjustment).Select(line => line.Amount.Amount).ShouldBe([5m, -5m, 10m, -10m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Early_bills_last_bills_and_late_usage_after_either_agree_with_minimums_and_maximums(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro",
            Offer.Usage("least", "least", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 50 }),
            Offer.Usage("most", "most", new PerUnitPrice(1)).Having(terms => terms with { MaximumAmount = 40 }));
        await life.SubscribeAsync("acme", "pro", with => with with { UsageThreshold = Money.Of(30, Usd) });
        await life.GoToAsync("2026-01-05");
        await life.UseAsync("acme", "least", 20, "2026-01-10");
        await life.UseAsync("acme", "most", 30, "2026-01-10");
        await life.GoToAsync("2026-01-11");
        await life.UseAsync("acme", "most", 30, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "least", 40, "2026-01-05");
        await life.UseAsync("acme", "most", 5, "2026-01-25");
        await life.UseAsync("acme", "most", 35, "2026-02-10");
        await life.GoToAsync("2026-02-11");
        await life.GoToAsync("2026-03-02");
        await life.UseAsync("acme", "most", 10, "2026-02-20");
        await life.GoToAsync("2026-04-02");

        // Early 20 + 30; at the end 30 up to the minimum, and 10 up to the maximum. In February 35 early and, late, 5 up to the maximum; of January 10 beyond the minimum, and nothing beyond the maximum.
        await AgreeAsync(life, """
            2026-01-11 Progressive: least 20 of 20 less 0, most 30 of 30 less 0
            2026-02-01 Subscription: least 0 of 50 less 20, most 30 of 40 less 30
            2026-02-11 Progressive: most 35 of 35 less 0
            2026-03-01 Subscription: least 40 of 60 less 50
            2026-04-01 Subscription: most 10 of 40 less 35
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_minimum_that_was_paid_before_a_pause_is_not_asked_again_whatever_the_line_says(string storage)
    {
        await using var life = await PausedAsync(storage);
        await AgreeAsync(life, "2026-03-01 Subscription: calls 2 of 7 less 5");
        var march = (await life.InvoicesAsync("acme"))[^1];

        // 30.00 by the minimum, of which 5.00 were billed: so it would be, had the first part of January not paid it.
        await ForgeAsync(storage, march, line =>
        {
            line["adjustment"]!["amount"]!["minor"] = 30_00;
            line["amount"]!["minor"] = 25_00;
        });
        (await DisagreeAsync(life, march)).ShouldBe([
            "quantity 7", "7 × 1 = 7", "amount 7 USD", "rounded half away from zero to 7.00 USD", "7 units cost 7.00 USD by now, 5.00 USD was billed, which makes 2.00 USD",
            "this does not agree with the line: there, 7 units cost 30.00 USD by now, 5.00 USD was billed, which makes 25.00 USD"]);
    }

    [Theory]
    [InlineData("sqlite")]
    public async Task Whatever_is_changed_of_an_adjustment_does_not_agree(string storage)
    {
        (string What, Action<JsonNode> Change)[] ways = [
            ("its amount", line => line["amount"]!["minor"] = 3_00),
            ("what was billed", line => (line["adjustment"]!["billed"]!["minor"], line["amount"]!["minor"]) = (4_00, 3_00)),
            ("what it costs", line => (line["adjustment"]!["amount"]!["minor"], line["amount"]!["minor"]) = (8_00, 3_00)),
            ("what was used", line => (line["adjustment"]!["quantity"], line["quantity"]) = (8, 3)),
            ("its quantity", line => line["quantity"] = 3),
            ("its period", line => line["period"]!["end"] = "2026-01-31T00:00:00Z"),
            ("how it came about", line => line.AsObject().Remove("adjustment"))];
        foreach (var (what, change) in ways)
        {
            await using var life = await PausedAsync(storage);
            var march = (await life.InvoicesAsync("acme"))[^1];
            await ForgeAsync(storage, march, change);
            (await DisagreeAsync(life, march))[^1].ShouldStartWith("this does not agree with the line: ", customMessage: what);
        }
    }

    // From January 10 to 20 nothing is charged; the first part pays the minimum of 30.00 whole, the second 5 calls, and 2 more come late.
    private async Task<Scenario> PausedAsync(string storage)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 30, Proration = Proration.None }));
        await life.SubscribeAsync("acme", "pro");
        await ChangeOnAsync(life, "2026-01-10", new Pause { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-01-20", new Resume { When = ChangeWhen.Immediate });
        await life.UseAsync("acme", "call", 5, "2026-01-25");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 2, "2026-01-26");
        await life.GoToAsync("2026-03-02");
        return life;
    }

    private static async Task AgreeAsync(Scenario life, string expected)
    {
        var told = new List<string>();
        foreach (var invoice in await life.InvoicesAsync("acme"))
        {
            var explained = await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), cancellationToken: Token);
            explained.Lines.ShouldAllBe(line => line.Agrees, $"{invoice.DisplayNumber}");
            explained.Lines.SelectMany(line => line.Steps).ShouldNotContain(step => step.Contains("agree", StringComparison.Ordinal));
            var adjusted = explained.Lines.Where(line => line.Line.Adjustment is not null).Select(line => FormattableString.Invariant($"{line.Price!.Code} {line.Line.Quantity} of {line.Line.Adjustment!.Amount.Amount} less {line.Line.Adjustment.Billed.Amount}")).ToList();
            told.AddRange(adjusted.Count == 0 ? [] : [FormattableString.Invariant($"{invoice.CreatedAt:yyyy-MM-dd} {invoice.Kind}: {string.Join(", ", adjusted)}")]);
            await BilledLives.RecomputeAsync(life, invoice.Id.ToString());
        }

        string.Join('\n', told).ShouldBe(expected.ReplaceLineEndings("\n"));
    }

    private static async Task<ImmutableArray<string>> DisagreeAsync(Scenario life, Invoice invoice)
    {
        var lines = (await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), cancellationToken: Token)).Lines;
        var adjusted = lines.Single(line => line.Line.Kind is LineKind.Adjustment);
        adjusted.Agrees.ShouldBeFalse();
        lines.Remove(adjusted).ShouldAllBe(line => line.Agrees);
        return adjusted.Steps;
    }

    private async Task ForgeAsync(string storage, Invoice invoice, Action<JsonNode> change)
    {
        await using var connection = await _databases.OpenAsync(storage);
        var body = JsonNode.Parse((string)(await Command("select body from billing_invoice where id = @id", ("id", invoice.Id.ToString())).ExecuteScalarAsync(Token))!)!;
        change(body["lines"]!.AsArray().Single(line => line!["kind"]!.GetValue<string>() == "adjustment")!);
        (await Command("update billing_invoice set body = @body where id = @id", ("id", invoice.Id.ToString()), ("body", body.ToJsonString())).ExecuteNonQueryAsync(Token)).ShouldBe(1);

        System.Data.Common.DbCommand Command(string sql, params (string Name, string Value)[] values)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in values)
            {
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (name, value);
                command.Parameters.Add(parameter);
            }

            return command;
        }
    }
}
