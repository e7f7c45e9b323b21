using System.Text;
using System.Text.Json.Nodes;
using BillApis.Cli.Verification;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Cli.Tests;

/// <summary>A level that is weighed by time, and fees, over a part of a month: the last 14 of 31 days.</summary>
public sealed class WeightedStubTests : IDisposable
{
    private readonly string _file = SqliteFile.NewPath();

    [Fact]
    public async Task A_weighted_stub_is_recomputed_and_no_part_of_it_can_be_changed()
    {
        var (invoice, events) = await ExportAsync();
        InvoiceVerification.Run(invoice, events).ShouldBeEmpty();

        // 62 GB from 18 January on and 31 more from the 25th on: (62 × 14 + 31 × 7) ÷ 31 days, and 14/31 of 31.00 and of the least of 310.00.
        var lines = JsonNode.Parse(invoice)!["invoice"]!["lines"]!.AsArray();
        var stored = Place(lines, "stored", "usage");
        (lines[stored]!["quantity"]!.ToJsonString(), lines[stored]!["amount"]!["minor"]!.ToJsonString()).ShouldBe(("35", "3500"));
        var (fee, least) = (Place(lines, "fee", "flat"), Place(lines, "least", "minimum"));
        (lines[fee]!["amount"]!["minor"]!.ToJsonString(), lines[least]!["amount"]!["minor"]!.ToJsonString()).ShouldBe(("1400", "14000"));

        foreach (var (path, value, field) in new[]
        {
            ($"{stored}/full/start", "2026-01-02T00:00:00Z", "full"), ($"{stored}/full/end", "2026-02-02T00:00:00Z", "full"), ($"{stored}/full", null, "full"),
            ($"{stored}/period/start", "2026-01-19T00:00:00Z", "quantity"), ($"{stored}/period/end", "2026-01-31T00:00:00Z", "quantity"), ($"{stored}/quantity", "36", "quantity"),
            ($"{stored}/factor", "14/31", "factor"), ($"{fee}/factor", "15/31", "factor"), ($"{fee}/factor", "1/1", "factor"), ($"{least}/factor", "13/31", "factor"),
            ($"{fee}/period/start", "2026-01-17T00:00:00Z", "factor"),
        })
        {
            InvoiceVerification.Run(Changed(invoice, path, value), events).ShouldContain(finding => finding.StartsWith($"invoice.lines[{path.Split('/')[0]}].{field}: ", StringComparison.Ordinal), $"{path} was changed to {value}");
        }
    }

    [Fact]
    public async Task A_weighted_stub_that_is_made_up_is_found_also_where_all_of_it_fits_together()
    {
        // As if the month had 28 days: the quantity, its price and every sum over it are made to agree.
        var (invoice, events) = await ExportAsync();
        var document = JsonNode.Parse(invoice)!;
        var lines = document["invoice"]!["lines"]!.AsArray();
        var line = lines[Place(lines, "stored", "usage")]!;
        line["full"]!["end"] = "2026-01-29T00:00:00Z";
        (line["quantity"], line["amount"]!["minor"]) = (JsonNode.Parse("38.75"), 3875);
        foreach (var sum in new[] { "subtotal", "total" })
        {
            document["totals"]![sum]!["minor"] = document["totals"]![sum]!["minor"]!.GetValue<long>() + 375;
        }

        var findings = InvoiceVerification.Run(VerifyTests.Hashed(Encoding.UTF8.GetBytes(document.ToJsonString())), events);
        findings.ShouldContain(finding => finding.Contains(".full: ", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        SqliteFile.Delete(_file);
    }

    private async Task<(byte[] Invoice, byte[] Events)> ExportAsync()
    {
        await using var life = await Scenario.StartAsync(billing => billing.UseSqlite($"Data Source={_file}"), "2026-01-18", TestContext.Current.CancellationToken);
        await life.CustomerAsync();
        await life.PlanAsync("disk",
            Offer.Usage("stored", "stored", new PerUnitPrice(1)) with { Aggregation = Aggregation.WeightedSum },
            Offer.Usage("least", "nothing", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 310, Proration = Proration.ByDay }),
            new Offer("fee", new FlatPrice(31)) { With = terms => terms with { Timing = BillingTiming.InArrears } });
        await life.SubscribeAsync("acme", "disk", with => with with { Anchor = BillingAnchor.Calendar });
        await life.UseAsync("acme", "stored", 62, "2026-01-18");
        await life.UseAsync("acme", "stored", 31, "2026-01-25");
        await life.GoToAsync("2026-02-02");
        var invoice = (await life.InvoicesAsync("acme")).ShouldHaveSingleItem().Id.ToString();
        return (await life.Billing.Exports.InvoiceAsync(life.Tenant, invoice), await life.Billing.Exports.EventsAsync(life.Tenant, invoice));
    }

    private static int Place(JsonArray lines, string price, string kind) =>
        Enumerable.Range(0, lines.Count).Single(i => lines[i]!["description"]!.GetValue<string>().StartsWith(price, StringComparison.Ordinal) && lines[i]!["kind"]!.GetValue<string>() == kind);

    private static byte[] Changed(byte[] invoice, string path, string? value)
    {
        var document = JsonNode.Parse(invoice)!;
        var (owner, names) = (document["invoice"]!["lines"]![int.Parse(path.Split('/')[0], System.Globalization.CultureInfo.InvariantCulture)]!, path.Split('/')[1..]);
        foreach (var name in names[..^1])
        {
            owner = owner[name]!;
        }

        owner[names[^1]] = value is null ? null : names[^1] == "quantity" ? JsonNode.Parse(value) : value;
        return VerifyTests.Hashed(Encoding.UTF8.GetBytes(document.ToJsonString()));
    }
}
