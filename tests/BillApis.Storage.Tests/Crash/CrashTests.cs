using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Metering;
using BillApis.Outbox;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Real processes are killed (kill -9) at any moment of their work; after each, what is left is looked at, and the next one goes on.</summary>
public abstract class CrashTests(string database) : WorkerTests(database)
{
    private static readonly int Kills = KillsOr(16);
    private const int LateKills = 6, Runners = 8;
    private static readonly int Seed = SeedOr(20261121);
    private static readonly TenantId Tenant = TenantId.Default;
    private readonly Random _random = new(Seed);

    [Fact]
    public async Task Every_answered_event_is_there_once_and_counted_once()
    {
        await IntakeWork.CreateAsync(Billing, IntakeWork.Calls, IntakeWork.Sum);
        var answered = new HashSet<long>();
        for (var kill = 1; kill <= Kills; kill++)
        {
            // A sender goes on from the first event that it has no answer for, and so sends some again.
            var first = Enumerable.Range(0, int.MaxValue).Select(number => (long)number).First(number => !answered.Contains(number));
            using var worker = await StartAsync(nameof(IntakeWork), first.ToString(CultureInfo.InvariantCulture));
            if (kill % 5 != 0)
            {
                await worker.AnsweredAsync();
            }

            await KillAfterAsync(worker, _random.Next(300));
            answered.UnionWith(worker.Said.SelectMany(IntakeWork.Answered));
            await IntakeIsWholeAsync(answered, kill);
        }

        answered.Count.ShouldBeGreaterThan(Kills);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}: {answered.Count} events answered between {Kills} kills");
    }

    [Fact]
    public async Task An_order_and_its_usage_in_one_transaction_are_both_there_or_both_not()
    {
        await IntakeWork.CreateAsync(Billing, IntakeWork.Calls, IntakeWork.Sum);
        await OrderWork.CreateTableAsync(Database, Connection);
        var (answered, unanswered) = (new HashSet<string>(), 0);
        for (var kill = 1; kill <= Kills; kill++)
        {
            using var worker = await StartAsync(nameof(OrderWork), kill.ToString(CultureInfo.InvariantCulture));
            if (kill % 5 != 0)
            {
                await worker.AnsweredAsync();
            }

            await KillAfterAsync(worker, _random.Next(300));
            answered.UnionWith(worker.Said.Select(line => line.TrimEnd('.')));
            var (orders, events) = (await OrderWork.OrdersAsync(Database, Connection), await IdsAsync());
            events.Where(id => !id.StartsWith(OrderWork.Other, StringComparison.Ordinal)).Order().ShouldBe(orders.Order(), $"kill {kill}, seed {Seed}: an order without usage or usage without an order");
            answered.Except(events).ShouldBeEmpty($"kill {kill}, seed {Seed}: what was answered is gone");
            unanswered = orders.Except(answered).Count();
            (await IntakeWork.TotalAsync(Billing, "calls", IntakeWork.January)).ShouldBe(events.Count, $"kill {kill}, seed {Seed}: totals and events differ");
        }

        answered.Count.ShouldBeGreaterThan(Kills);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}: {answered.Count} orders and events answered between {Kills} kills, {unanswered} orders committed and not answered any more");
    }

    [Fact]
    public async Task Every_invoice_is_made_once_numbered_without_gaps_and_posted()
    {
        await RunWork.CreatePlanAsync(Billing);
        var owed = await RunWork.AddAsync(Billing, 0);
        var (clock, paid) = (Stopwatch.StartNew(), new HashSet<string>());
        await WorkAsync(paid, worker => worker.DoneAsync());
        var whole = (int)clock.ElapsedMilliseconds;
        var interrupted = 0;
        for (var kill = 1; kill <= Kills; kill++)
        {
            owed = owed.AddRange(await RunWork.AddAsync(Billing, kill));
            await WorkAsync(paid, worker => KillAfterAsync(worker, _random.Next(whole)));
            interrupted += await RunIsWholeAsync(owed, paid, kill) ? 0 : 1;
        }

        await WorkAsync(paid, worker => worker.DoneAsync());
        (await RunIsWholeAsync(owed, paid, Kills + 1)).ShouldBeTrue("something was never billed or paid");
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}: {interrupted} of {Kills} kills left work undone");
    }

    [Fact]
    public async Task Eight_runners_at_once_bill_each_boundary_once_however_they_are_killed()
    {
        await RunWork.CreatePlanAsync(Billing);
        var (owed, paid, rounds) = (ImmutableDictionary<SubscriptionId, long>.Empty, new HashSet<string>(), Math.Max(3, Kills / Runners));
        for (var round = 1; round <= rounds; round++)
        {
            owed = owed.AddRange(await RunWork.AddAsync(Billing, round));
            await LetLeasesEndAsync();
            await Task.WhenAll(Enumerable.Range(0, Runners).Select(_ => BillUntilKilledAsync(_random.Next(3_000))));
            await LetServerEndAsync();
            await RunIsWholeAsync(owed, paid, round);
        }

        await WorkAsync(paid, worker => worker.DoneAsync());
        (await RunIsWholeAsync(owed, paid, rounds + 1)).ShouldBeTrue("something was never billed");
    }

    [Fact]
    public async Task Late_usage_is_billed_once_whatever_the_policy()
    {
        await LateWork.CreateAsync(Billing);
        var (events, interrupted) = (new List<UsageEvent>(), 0);
        var whole = 0;
        await LateAsync(2, async worker =>
        {
            var clock = Stopwatch.StartNew();
            await worker.DoneAsync();
            whole = (int)clock.ElapsedMilliseconds;
        });
        for (var kill = 1; kill <= LateKills; kill++)
        {
            await Billing.Settings.ChangeAsync(Tenant, settings => settings with { LateUsage = (LateUsagePolicy)(kill % 3) }, Stop);
            events.AddRange(await LateWork.SendAsync(Billing, _random, kill));
            await LateAsync(2 + kill, async worker =>
            {
                await Task.Delay(_random.Next(2 * whole), Stop);
                interrupted += worker.Said.Count == 0 ? 1 : 0;
                await KillAsync(worker);
            });
        }

        await Billing.Settings.ChangeAsync(Tenant, settings => settings with { LateUsage = LateUsagePolicy.Adjust }, Stop);
        await LateAsync(3 + LateKills, worker => worker.DoneAsync());
        await LateIsWholeAsync(events);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}: {interrupted} of {LateKills} kills came before the run was done");
    }

    private async Task BillUntilKilledAsync(int milliseconds)
    {
        using var worker = await StartAsync(nameof(RunWork.BillAsync), RunWork.AsOf.ToString());
        await Task.Delay(milliseconds, Stop);
        await worker.KillAsync();
    }

    private async Task WorkAsync(HashSet<string> paid, Func<WorkerProcess, Task> end)
    {
        await LetLeasesEndAsync();
        using var worker = await StartAsync(nameof(RunWork), RunWork.AsOf.ToString());
        await end(worker);
        paid.UnionWith(worker.Said.Where(line => line.StartsWith("INV-", StringComparison.Ordinal)).Select(line => line.TrimEnd('.')));
    }

    private async Task LateAsync(int day, Func<WorkerProcess, Task> end)
    {
        await LetLeasesEndAsync();
        using var worker = await StartAsync(nameof(LateWork), LateWork.Day(day).ToString());
        await end(worker);
    }

    // A dead worker's leases end after half a minute; this is that half a minute.
    private Task LetLeasesEndAsync() => Services.GetRequiredService<SqlDatabase>().WriteAsync(
        null, transaction => transaction.Connection!.ExecuteAsync("update billing_subscription set leased_until = null", transaction: transaction), default);

    private async Task IntakeIsWholeAsync(HashSet<long> answered, int kill)
    {
        var stored = await StoredAsync();
        stored.Count.ShouldBe(stored.Distinct().Count(), $"kill {kill}, seed {Seed}: an event is there twice");
        answered.Except(stored).ShouldBeEmpty($"kill {kill}, seed {Seed}: answered events are gone");
        foreach (var group in stored.GroupBy(number => number % IntakeWork.Customers))
        {
            var (calls, sum) = (await IntakeWork.TotalAsync(Billing, "calls", group.Key, IntakeWork.January), await IntakeWork.TotalAsync(Billing, "sum", group.Key, IntakeWork.January));
            (calls, sum).ShouldBe((group.Count(), group.Sum(IntakeWork.Value)), $"kill {kill}, seed {Seed}: totals and events differ");
        }
    }

    private async Task<bool> RunIsWholeAsync(ImmutableDictionary<SubscriptionId, long> owed, HashSet<string> paid, int kill)
    {
        var where = $"kill {kill}, seed {Seed}";
        await Services.GetRequiredService<OutboxDispatcher>().DispatchAsync(null, default);
        var invoices = await RunWork.InvoicesAsync(Billing);
        foreach (var series in invoices.GroupBy(invoice => invoice.Series))
        {
            series.Select(invoice => invoice.Number!.Value).Order().ShouldBe(Enumerable.Range(1, series.Count()).Select(number => (long)number), $"{where}: {series.Key}");
        }

        var parts = RunWork.PartsOf(invoices);
        parts.GroupBy(item => (item.Subscription, item.Part.CreatedAt)).ShouldAllBe(group => group.Count() == 1, where);
        parts.GroupBy(item => (item.Subscription, item.Part.Sequence)).ShouldAllBe(group => group.Count() == 1, where);
        paid.Except(invoices.Where(invoice => invoice.Due.IsZero && invoice.Payments.Length == 1).Select(invoice => invoice.DisplayNumber!)).ShouldBeEmpty($"{where}: answered payments are gone");

        var balance = await Billing.Books.TrialBalanceAsync(Tenant, null);
        balance.Totals.ShouldAllBe(total => total.Debits == total.Credits, where);
        Net(balance, AccountKind.Receivable).ShouldBe(invoices.Sum(invoice => invoice.Due.MinorUnits), where);
        var grants = await RunWork.GrantsAsync(Billing);
        Net(balance, AccountKind.Clearing).ShouldBe(invoices.Sum(invoice => invoice.Paid.MinorUnits - invoice.Prepaid.MinorUnits) + grants.Sum(grant => grant.Amount.MinorUnits), where);
        Net(balance, AccountKind.CustomerCredit).ShouldBe(grants.Sum(grant => grant.Balance.MinorUnits), where);
        var used = invoices.SelectMany(invoice => invoice.Credits).ToLookup(use => use.Grant, use => use.Amount.MinorUnits);
        grants.ShouldAllBe(grant => grant.Amount.MinorUnits - grant.Balance.MinorUnits == used[grant.Id].Sum(), where);

        var billed = parts.ToLookup(item => item.Subscription, item => item.Part);
        foreach (var (subscription, cents) in owed.Where(item => billed[item.Key].Count() == RunWork.InvoicesOfEach))
        {
            billed[subscription].Sum(invoice => invoice.Total.MinorUnits).ShouldBe(cents, where);
        }

        return parts.Count == owed.Count * RunWork.InvoicesOfEach && invoices.Count(invoice => invoice.Kind is InvoiceKind.Consolidated) * 4 == invoices.Count && invoices.TrueForAll(invoice => invoice.Due.IsZero);
    }

    private async Task LateIsWholeAsync(List<UsageEvent> events)
    {
        (await Services.GetRequiredService<IUsageStore>().ListLateAsync(new LateQuery(), Stop)).ShouldBeEmpty();
        await Services.GetRequiredService<OutboxDispatcher>().DispatchAsync(null, default);
        var invoices = await RunWork.InvoicesAsync(Billing);
        var memos = (await Billing.CreditMemos.ListAsync(Tenant, new StoreQuery { Limit = Limits.PageSize }, Stop)).Items;
        invoices.Select(invoice => invoice.Number!.Value).Order().ShouldBe(Enumerable.Range(1, invoices.Count).Select(number => (long)number));
        memos.Select(memo => memo.Number!.Value).Order().ShouldBe(Enumerable.Range(1, memos.Count).Select(number => (long)number));
        for (var i = 0; i < LateWork.Customers; i++)
        {
            var customer = (await Billing.Customers.GetAsync(Tenant, $"customer-{i}", Stop)).Id;
            var net = invoices.Where(invoice => invoice.Customer == customer).Sum(invoice => invoice.Total.MinorUnits) - memos.Where(memo => memo.Customer == customer).Sum(memo => memo.Total.MinorUnits);
            net.ShouldBe(LateWork.Owed(events.Where(item => item.Customer == $"customer-{i}")), $"customer {i}, seed {Seed}");
        }

        var balance = await Billing.Books.TrialBalanceAsync(Tenant, null, Stop);
        balance.Totals.ShouldAllBe(total => total.Debits == total.Credits);
        Net(balance, AccountKind.Revenue).ShouldBe(events.GroupBy(item => item.Customer).Sum(LateWork.Owed));
    }

    private static long Net(TrialBalance balance, AccountKind kind) => balance.Lines.Where(line => line.Account.Kind == kind).Sum(line => line.Net);

    private async Task<List<long>> StoredAsync() => [.. (await IdsAsync()).Select(id => long.Parse(id, CultureInfo.InvariantCulture))];

    private async Task<List<string>> IdsAsync()
    {
        await using var connection = await Services.GetRequiredService<SqlDatabase>().OpenUsageAsync(null, default);
        return (await connection.QueryAsync<string>($"select id from {EventRow.ByTime}")).AsList();
    }
}

public sealed class SqliteCrashTests() : CrashTests(Node.Sqlite);

public sealed class PostgresCrashTests() : CrashTests(Node.Postgres);
