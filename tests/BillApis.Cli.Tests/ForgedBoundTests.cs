using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Cli.Verification;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Cli.Tests;

/// <summary>Minimums and maximums that someone moved, repeated, left out or made up, with all hashes made anew, are found as such, whatever the sums say.</summary>
public sealed class ForgedBoundTests : IAsyncLifetime
{
    private readonly string _file = SqliteFile.NewPath();
    private byte[] _invoice = [];

    public async ValueTask InitializeAsync()
    {
        await using var life = await Scenario.StartAsync(billing => billing.UseSqlite($"Data Source={_file}"), "2026-01-01", TestContext.Current.CancellationToken);
        await life.CustomerAsync();
        await life.PlanAsync("plan",
            Offer.Fee("low", 10).Having(terms => terms with { MinimumAmount = 30 }), Offer.Fee("kept", 80).Having(terms => terms with { MinimumAmount = 30 }),
            Offer.Fee("high", 80).Having(terms => terms with { MaximumAmount = 50 }), Offer.Fee("plain", 20));
        await life.SubscribeAsync("acme", "plan");
        await life.GoToAsync("2026-01-01");
        _invoice = await life.Billing.Exports.InvoiceAsync(life.Tenant, (await life.InvoicesAsync("acme"))[0].Id.ToString(), TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        SqliteFile.Delete(_file);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void What_was_billed_is_sound() => Findings(_ => { }).ShouldBeEmpty();

    [Fact]
    public void A_bound_that_does_not_follow_its_charge_is_of_no_line() => Findings(lines =>
    {
        var bound = At(lines, "minimum", "low");
        lines.Remove(bound);
        lines.Insert(0, Worth(bound, 3000));
    }).ShouldContain("invoice.lines[0]: is the bound of no line: a line was left out, or stands elsewhere");

    [Fact]
    public void A_bound_after_a_bound_is_of_no_line() => Findings(lines =>
    {
        var bound = At(lines, "minimum", "low");
        lines.Insert(lines.IndexOf(bound) + 1, Worth(Again(bound), 3000));
    }).ShouldContain("invoice.lines[2]: is the bound of no line: a line was left out, or stands elsewhere");

    [Theory]
    [InlineData("minimum", "low", 0)]
    [InlineData("maximum", "high", 3)]
    public void A_charge_without_its_bound_is_found(string kind, string price, int place) => Findings(lines => lines.Remove(At(lines, kind, price)))
        .ShouldContain($"invoice.lines[{place}]: does not keep to the minimum and maximum of its price: a line was left out");

    [Fact]
    public void A_bound_that_turns_its_sign_is_found() => Findings(lines =>
    {
        var charge = At(lines, "flat", "kept");
        var bound = Worth(Again(At(lines, "minimum", "low")), -5000);
        foreach (var name in new[] { "price", "product", "period" })
        {
            bound[name] = charge[name]?.DeepClone();
        }

        lines.Insert(lines.IndexOf(charge) + 1, bound);
    }).ShouldContain("invoice.lines[3].kind: is Minimum, but its lines keep to it");

    [Fact]
    public void A_charge_that_says_it_corrects_another_is_found() => Findings(lines => At(lines, "flat", "plain")["corrects"] = EntityId.New<InvoiceLineId>().ToString())
        .ShouldContain("invoice.lines[5].corrects: is of a line that corrects nothing");

    private IReadOnlyList<string> Findings(Action<JsonArray> forge)
    {
        var root = JsonNode.Parse(_invoice)!;
        forge(root["invoice"]!["lines"]!.AsArray());
        return [.. InvoiceVerification.Run(VerifyTests.Hashed(JsonSerializer.SerializeToUtf8Bytes(root, BillingJson.Options)), [])];
    }

    private static JsonNode At(JsonArray lines, string kind, string price) =>
        lines.Single(line => line!["kind"]!.GetValue<string>() == kind && line["description"]!.GetValue<string>().StartsWith(price, StringComparison.Ordinal))!;

    private static JsonNode Again(JsonNode line)
    {
        var again = line.DeepClone();
        again["id"] = EntityId.New<InvoiceLineId>().ToString();
        return again;
    }

    private static JsonNode Worth(JsonNode bound, long minor)
    {
        bound["amount"]!["minor"] = minor;
        bound["unit_amount"] = minor / 100m;
        return bound;
    }
}
