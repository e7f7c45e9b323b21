using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Metering;
using BillApis.Pricing;
using BillApis.Storage;
using BillApis.Storage.Sql;
using BillApis.Storage.Tests.Crash;
using BillApis.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>A run of batches beside one that bills each subscription alone, on two databases that held the same: what they leave is the same but for the order of the numbers.</summary>
public sealed class BatchedRunTests : IDisposable
{
    private const int Subscriptions = 60;
    private const int Months = 3;
    private const int Refused = 7;
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant January = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Instant April = Instant.FromUtc(2026, 4, 1, 0, 0);
    private static readonly TenantId Tenant = TenantId.Default;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("billapis-batches-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task Batches_leave_what_billing_each_subscription_alone_leaves(string database)
    {
        var clock = new ManualClock(January);
        await using var batched = await OpenAsync(database, 25, clock);
        await using var single = await OpenAsync(database, 1, clock);
        await MakeAsync(batched.GetRequiredService<Billing>());
        await CopyAsync(batched, single);
        clock.MoveTo(April);
        foreach (var node in (ServiceProvider[])[batched, single])
        {
            (await node.GetRequiredService<Billing>().Usage.RecordAsync(Tenant, Events(), Token)).Accepted.ShouldBe(Subscriptions * Months);
        }

        var (run, alone) = (await RunAsync(batched), await RunAsync(single));

        (run.InvoicesCreated, run.Failed, run.Status).ShouldBe((alone.InvoicesCreated, 1, InvoiceRunStatus.CompletedWithFailures));
        run.InvoicesCreated.ShouldBe(((Subscriptions - 1) * (Months + 1)) + 1, "the refused one was billed at its start, and all others at every boundary");
        run.Failures.Single().ShouldBe(alone.Failures.Single());
        (run.Percent, run.Due).ShouldBe((100, Subscriptions));
        (await LeftAsync(batched)).ShouldBe(await LeftAsync(single));
        foreach (var node in (ServiceProvider[])[batched, single])
        {
            var numbers = (await InvoicesAsync(node)).GroupBy(invoice => invoice.Series).ToList();
            numbers.Count.ShouldBe(2);
            numbers.ForEach(series => series.Select(invoice => invoice.Number!.Value).Order().ShouldBe(Enumerable.Range(1, series.Count()).Select(number => (long)number)));
            (await node.GetRequiredService<Billing>().Documents.VerifyAsync(Tenant, Token)).Faults.ShouldBeEmpty();
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<ServiceProvider> OpenAsync(string database, int batch, ManualClock clock)
    {
        var node = Node.Open(database, database is Node.Sqlite ? $"Data Source={Path.Combine(_folder.FullName, $"{batch}.db")}" : await PostgresServer.NewDatabaseAsync(), batch, clock);
        await node.GetRequiredService<IMigrator>().MigrateAsync(Token);
        return node;
    }

    private static Task<InvoiceRun> RunAsync(ServiceProvider node) => node.GetRequiredService<Billing>().Runs.RunAsync(Tenant, April, cancellationToken: Token);

    private static async Task MakeAsync(Billing billing)
    {
        var metric = await billing.Metrics.CreateAsync(Tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Sum, Property = "n", AllowNegative = true }, Token);
        var fee = await billing.Prices.CreateAsync(Tenant, new Price { Code = "fee", Terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(29.99m), Timing = BillingTiming.InAdvance } }, Token);
        var calls = await billing.Prices.CreateAsync(Tenant, new Price { Code = "calls", Metric = metric.Id, Terms = new PriceTerms { Currency = Usd, Model = new GraduatedPrice([new Tier(10, 0.75m, 1), new Tier(null, 0.33m, 0)]) } }, Token);
        await billing.Plans.CreateAsync(Tenant, new Plan { Code = "plan", Name = "Plan", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(fee), new PlanItem(calls)])] }, Token);
        await billing.Plans.PublishAsync(Tenant, "plan", Token);
        await billing.TaxRates.CreateAsync(Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, Token);
        var entity = await billing.LegalEntities.CreateAsync(Tenant, new LegalEntity { Code = "north", Name = "North", InvoiceSeries = "NORTH", CreditMemoSeries = "NORTH-C" }, Token);
        await billing.Coupons.CreateAsync(Tenant, new Coupon { Code = "tenth", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, Token);
        for (var i = 0; i < Subscriptions; i++)
        {
            var customer = $"c{i}";
            await billing.Customers.CreateAsync(Tenant, new Customer { Name = customer, ExternalId = customer, Currency = Usd, Country = i % 3 == 0 ? null : "DE", LegalEntity = i % 4 == 0 ? entity.Id : null }, Token);
            await billing.Subscriptions.CreateAsync(
                Tenant,
                new NewSubscription(customer, "plan")
                {
                    StartAt = January, Coupons = i % 5 == 0 ? ["tenth"] : [], Commitment = i % 6 == 1 ? new MinimumCommitment(Money.Of(50, Usd), new BillingInterval(IntervalUnit.Month, 1)) : null,
                },
                Token);
            if (i % 8 == 0)
            {
                await billing.Credits.GrantAsync(Tenant, new NewCreditGrant(customer, Money.Of(45, Usd)) { Category = i % 16 == 0 ? CreditCategory.Paid : CreditCategory.Promotional }, Token);
            }
        }
    }

    // Of one the usage comes to less than nothing, which its price refuses.
    private static List<UsageEvent> Events() => [.. Enumerable.Range(0, Subscriptions).SelectMany(i => Enumerable.Range(1, Months).Select(month => new UsageEvent
    {
        Id = $"c{i}-{month}", Type = "call", Customer = $"c{i}", Timestamp = Instant.FromUtc(2026, month, 15, 12, 0), Properties = UsageProperties.Of(("n", i == Refused ? -1 : (i * month) % 23)),
    }))];

    private static async Task CopyAsync(ServiceProvider from, ServiceProvider to)
    {
        await CopyAsync<IStore<Metric>, Metric>(from, to);
        await CopyAsync<IStore<Price>, Price>(from, to);
        await CopyAsync<IStore<Plan>, Plan>(from, to);
        await CopyAsync<IStore<TaxRate>, TaxRate>(from, to);
        await CopyAsync<IStore<LegalEntity>, LegalEntity>(from, to);
        await CopyAsync<IStore<Coupon>, Coupon>(from, to);
        await CopyAsync<IStore<Customer>, Customer>(from, to);
        await CopyAsync<ICreditStore, CreditGrant>(from, to);
        await CopyAsync<ISubscriptionStore, Subscription>(from, to);

        // The credit that was bought is in the books.
        await using var connection = await from.GetRequiredService<SqlDatabase>().OpenAsync(null, Token);
        foreach (var posting in await connection.QueryAsync<string>($"select data from billing_outbox where type = '{LedgerPosting.Type}' order by position"))
        {
            (await to.GetRequiredService<ILedger>().PostAsync(Tenant, LedgerPosting.Read(new BillingEvent(LedgerPosting.Type, "credit", January, posting)), Token)).ShouldAllBe(result => result == TransferResult.Created);
        }
    }

    private static async Task CopyAsync<TStore, T>(ServiceProvider from, ServiceProvider to)
        where TStore : IStore<T>
        where T : class, IEntity<T>
    {
        var items = await from.GetRequiredService<TStore>().AllAsync(Tenant, new StoreQuery { Limit = Limits.PageSize }, Token).ToListAsync(Token);
        items.ShouldNotBeEmpty();
        (await to.GetRequiredService<TStore>().SaveAsync(Tenant, [.. items.Select(item => item.WithVersion(0))], [], Token)).ShouldBe(SaveResult.Saved);
    }

    private static Task<List<Invoice>> InvoicesAsync(ServiceProvider node) => node.GetRequiredService<IInvoiceStore>().AllAsync(Tenant, new StoreQuery { Limit = Limits.PageSize }, Token).ToListAsync(Token).AsTask();

    // Everything that a run leaves, byte for byte, but numbers, what hangs on their order, and how often a row was written.
    private static async Task<List<string>> LeftAsync(ServiceProvider node)
    {
        var left = (await InvoicesAsync(node)).ConvertAll(invoice => System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(invoice, "number", "seal", "version")));
        left.AddRange((await node.GetRequiredService<ISubscriptionStore>().AllAsync(Tenant, new StoreQuery { Limit = Limits.PageSize }, Token).ToListAsync(Token)).Select(item => System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(item, "version"))));
        await using var connection = await node.GetRequiredService<SqlDatabase>().OpenAsync(null, Token);
        foreach (var sql in (string[])[
            "select id || debit_id || credit_id || asset || amount || at || kind || cause || linked from billing_transfer", "select id || body from billing_revenue_schedule",
            "select code || debits || ' ' || credits from billing_account", "select control || day || ' ' || debits || ' ' || credits from billing_account_day",
            "select type || subject_id || at || data from billing_outbox where type in ('invoice.issued', 'invoice.paid', 'ledger.posting') and done_at is not null and at > 1767225600000000"])
        {
            var rows = (await connection.QueryAsync<string>(sql)).AsList();
            rows.ShouldNotBeEmpty(sql);
            left.AddRange(rows);
        }

        left.Sort(StringComparer.Ordinal);
        return left;
    }
}
