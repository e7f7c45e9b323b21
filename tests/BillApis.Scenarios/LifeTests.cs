using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace BillApis.Scenarios;

/// <summary>A whole life by date, on both databases: the bills are what a person worked out, the books balance, and no document was changed.</summary>
public abstract class LifeTests(Databases databases)
{
    public static TheoryData<string> Both => ["sqlite", "postgres"];

    protected static DateTimeZone Berlin { get; } = DateTimeZoneProviders.Tzdb["Europe/Berlin"];

    protected Task<Scenario> StartAsync(string storage, string start) => Scenario.StartAsync(builder => databases.Use(storage, builder), start, TestContext.Current.CancellationToken);

    /// <summary>A whole number of the environment, for longer runs and other seeds than CI's.</summary>
    protected static int Setting(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is { } said ? int.Parse(said, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>Germany's taxes: 19 % in general, and 7 % on books.</summary>
    protected static async Task TaxesOfTwoRatesAsync(Scenario life)
    {
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, TestContext.Current.CancellationToken);
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 7, TaxCategory = "books" }, TestContext.Current.CancellationToken);
    }

    protected static async Task VoidAsync(Scenario life, params string[] events)
    {
        foreach (var id in events)
        {
            await life.Billing.Usage.VoidAsync(life.Tenant, id, "sent by mistake", cancellationToken: TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The id of the only subscription.</summary>
    protected static async Task<string> SubscriptionAsync(Scenario life) =>
        (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), TestContext.Current.CancellationToken)).Items.Single().Id.ToString();

    /// <summary>Changes it on a date, after what falls due until then.</summary>
    protected static async Task ChangeOnAsync(Scenario life, string date, SubscriptionChange change)
    {
        await life.GoToAsync(date);
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), change, TestContext.Current.CancellationToken);
    }

    /// <summary>Another number of seats at once on a date, or as of an earlier one.</summary>
    protected static async Task SeatsAsync(Scenario life, string date, decimal seats, string? asOf = null) =>
        await ChangeOnAsync(life, date, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", seats)) { When = asOf is null ? ChangeWhen.Immediate : null, At = asOf is null ? null : Day.Of(asOf) });

    protected static async Task BillsAsync(Scenario life, string expected, string customer = "acme")
    {
        (await life.BillsAsync(customer)).ShouldBe(expected.ReplaceLineEndings("\n"));
        (await life.Billing.Documents.VerifyAsync(life.Tenant, TestContext.Current.CancellationToken)).Faults.ShouldBeEmpty();
        (await life.Billing.Books.TrialBalanceAsync(life.Tenant, null, TestContext.Current.CancellationToken)).Totals.ShouldAllBe(total => total.Debits == total.Credits);
    }

    protected static async Task<Invoice> UpcomingAsync(Scenario life) => (await life.Billing.Previews.UpcomingAsync(life.Tenant, await SubscriptionAsync(life), TestContext.Current.CancellationToken))!;

    /// <summary>What each account has more of debits than of credits, in minor units.</summary>
    protected static async Task<Dictionary<string, long>> BalancesAsync(Scenario life) =>
        (await life.Billing.Books.ListAccountsAsync(life.Tenant, new StoreQuery { Limit = Limits.PageSize }, TestContext.Current.CancellationToken)).Items.ToDictionary(balance => balance.Account.ToString(), balance => balance.Debits - balance.Credits);

    /// <summary>The totals that the invoice has as UBL.</summary>
    protected static async Task UblAsync(Scenario life, Invoice invoice, decimal net, decimal total)
    {
        var issued = await life.Billing.Invoices.GetAsync(life.Tenant, invoice.Id.ToString(), TestContext.Current.CancellationToken);
        var xml = XDocument.Parse(Encoding.UTF8.GetString(UblDocument.Of(issued, await life.Billing.Documents.PartiesAsync(issued, TestContext.Current.CancellationToken))));
        decimal Of(string name) => decimal.Parse(xml.Descendants().Single(element => element.Name.LocalName == name).Value, CultureInfo.InvariantCulture);
        (Of("TaxExclusiveAmount"), Of("TaxInclusiveAmount")).ShouldBe((net, total));
    }
}
