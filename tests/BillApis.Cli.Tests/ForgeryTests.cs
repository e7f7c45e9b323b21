using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Cli.Verification;

namespace BillApis.Cli.Tests;

/// <summary>Invoices that are made up in several places at once, by seed, with all coupons, credits, taxes, sums and hashes made to agree, are found out by what is left that cannot.</summary>
public sealed class ForgeryTests(BilledLife life) : IClassFixture<BilledLife>
{
    private const int Seeds = 3;

    [Fact]
    public void A_forger_that_changes_nothing_is_not_found()
    {
        foreach (var (invoice, events) in life.Exports)
        {
            InvoiceVerification.Run(new Forger(Read(invoice), new Random(1)).Honest(), events).ShouldBeEmpty();
        }
    }

    [Fact]
    public void Whatever_is_made_up_together_is_found()
    {
        var (passed, tried) = (new List<string>(), new HashSet<string>());
        for (var seed = 1; seed <= Seeds; seed++)
        {
            foreach (var (place, (invoice, events)) in life.Exports.Index())
            {
                foreach (var (name, way) in Forger.Ways)
                {
                    var forger = new Forger(Read(invoice), new Random((seed * 1_000) + place));
                    if (way(forger) is { } lines && forger.Made(lines) is { } made)
                    {
                        tried.Add(name);
                        passed.AddRange(Passes(made, events) ? [$"seed {seed}, invoice {place}: {name}: {forger.Difference(lines)}"] : []);
                    }
                }
            }
        }

        passed.ShouldBeEmpty();
        tried.ShouldBe(Forger.Ways.Keys, ignoreOrder: true);
    }

    [Fact]
    public void An_older_file_is_verified_and_the_answer_says_what_was_not_checked()
    {
        // The last three give back or adjust; files of before do not say what earlier invoices billed.
        foreach (var (invoice, events) in life.Exports.TakeLast(3))
        {
            var older = VerifyTests.Hashed(JsonSerializer.SerializeToUtf8Bytes(Read(invoice) with { Earlier = null }, BillingJson.Options));
            InvoiceVerification.Run(older, events).ShouldBeEmpty();
            InvoiceVerification.Describe(older).ShouldContain("not checked: what earlier invoices billed");
            InvoiceVerification.Describe(invoice).ShouldNotContain("not checked");
            InvoiceVerification.Run(VerifyTests.Hashed(JsonSerializer.SerializeToUtf8Bytes(Read(invoice) with { Earlier = [] }, BillingJson.Options)), events).ShouldNotBeEmpty();
        }
    }

    private static InvoiceExport Read(byte[] invoice) => JsonSerializer.Deserialize<InvoiceExport>(invoice, BillingJson.Options)!;

    private static bool Passes(byte[] invoice, byte[] events)
    {
        try
        {
            return InvoiceVerification.Run(invoice, events).Count == 0;
        }
        catch (Exception exception) when (exception is JsonException or BillingException or FormatException or InvalidDataException)
        {
            return false;
        }
    }
}
