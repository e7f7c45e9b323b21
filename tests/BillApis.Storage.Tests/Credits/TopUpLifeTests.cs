using BillApis.Invoicing;
using BillApis.Outbox;
using BillApis.Pricing;
using BillApis.Storage.Tests.Crash;
using BillApis.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Credits;

/// <summary>Each fall of a customer's credit below a threshold is told once, whatever it comes from and whoever looks first, on a clock that is moved by hand.</summary>
public sealed class TopUpLifeTests : IDisposable
{
    private const int Steps = 30, Lives = 6;
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("billapis-top-up-");
    private readonly ManualClock _clock = new(Day.Of("2026-01-01"));
    private TenantId _tenant = EntityId.New<TenantId>();
    private string _connection = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task Credit_that_ends_is_told_though_an_invoice_that_used_it_is_withdrawn_before_anybody_else_looks(string database)
    {
        // 100.00 each month until March 1, and 10.00 for ever. January's work of 130.00 leaves nothing; February has 100.00 again, which end.
        await using var node = await OpenAsync(database);
        var monthly = await GrantAsync(node, 100, new NewCreditGrant("acme", Dollars(100)) { Recurrence = new GrantRecurrence(new BillingInterval(IntervalUnit.Month, 1), Dollars(0)), ExpiresAt = Day.Of("2026-03-01"), Priority = 1 });
        var rule = await GrantAsync(node, 10, new NewCreditGrant("acme", Dollars(10)) { TopUp = Rule(50) });
        var work = await IssueAsync(node, 130);
        (await ToldAsync(node, rule)).ShouldBe([0]);
        _clock.MoveTo(Day.Of("2026-02-01"));
        await LookAsync(node);
        (await node.GetRequiredService<Billing>().Credits.GetAsync(_tenant, monthly.ToString(), Token)).Balance.ShouldBe(Dollars(100));
        _clock.MoveTo(Day.Of("2026-03-02"));
        await node.GetRequiredService<Billing>().Invoices.CancelAsync(_tenant, work.ToString(), Token);
        (await ToldAsync(node, rule)).ShouldBe([0, 1_000]);
        await LookAsync(node);
        (await ToldAsync(node, rule)).ShouldBe([0, 1_000]);
    }

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task A_rule_that_begins_later_is_told_as_it_begins_and_no_sooner(string database)
    {
        await using var node = await OpenAsync(database);
        var rule = await GrantAsync(node, 10, new NewCreditGrant("acme", Dollars(10)) { TopUp = Rule(50), EffectiveAt = Day.Of("2026-02-01") });
        (await ToldAsync(node, rule)).ShouldBeEmpty();
        _clock.MoveTo(Day.Of("2026-02-02"));
        await LookAsync(node);
        await LookAsync(node);
        (await ToldAsync(node, rule)).ShouldBe([1_000]);
    }

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task Whose_clock_is_behind_sees_the_credit_that_another_gave(string database)
    {
        // 30.00 alone are below 50.00, and 60.00 are not: the second rule has nothing to ask for, until the credit of the first is withdrawn.
        await using var node = await OpenAsync(database);
        await using var behind = Node.Open(database, _connection, clock: new ManualClock(_clock.Now - Duration.FromMilliseconds(1)));
        var first = await GrantAsync(node, 30, new NewCreditGrant("acme", Dollars(30)) { TopUp = Rule(50) });
        var second = await GrantAsync(behind, 30, new NewCreditGrant("acme", Dollars(30)) { TopUp = Rule(50) });
        ((await ToldAsync(node, first)).Count, (await ToldAsync(node, second)).Count).ShouldBe((1, 0));
        await behind.GetRequiredService<Billing>().Credits.VoidAsync(_tenant, first.ToString(), Token);
        (await ToldAsync(node, second)).ShouldBe([3_000]);
        await LookAsync(node);
        (await ToldAsync(node, second)).ShouldBe([3_000]);
    }

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task What_is_given_as_of_long_ago_was_not_there_then(string database)
    {
        // 10.00 and 20.00 that end on February 1 are below 50.00 from the start. 25.00 of February 2, as of January 1, do not change that: 55.00 were never there.
        await using var node = await OpenAsync(database);
        await GrantAsync(node, 20, new NewCreditGrant("acme", Dollars(20)) { ExpiresAt = Day.Of("2026-02-01") });
        var rule = await GrantAsync(node, 10, new NewCreditGrant("acme", Dollars(10)) { TopUp = Rule(50) });
        (await ToldAsync(node, rule)).ShouldBe([3_000]);
        _clock.MoveTo(Day.Of("2026-02-02"));
        await GrantAsync(node, 25, new NewCreditGrant("acme", Dollars(25)) { EffectiveAt = Day.Of("2026-01-01") });
        await LookAsync(node);
        (await ToldAsync(node, rule)).ShouldBe([3_000]);
    }

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task A_fall_that_a_second_rule_finds_is_not_told_again_by_the_worker(string database)
    {
        await using var node = await OpenAsync(database);
        await GrantAsync(node, 60, new NewCreditGrant("acme", Dollars(60)) { ExpiresAt = Day.Of("2026-02-01") });
        var rule = await GrantAsync(node, 10, new NewCreditGrant("acme", Dollars(10)) { TopUp = Rule(50) });
        _clock.MoveTo(Day.Of("2026-02-02"));
        var second = await GrantAsync(node, 10, new NewCreditGrant("acme", Dollars(10)) { TopUp = Rule(15) });
        await LookAsync(node);
        (await ToldAsync(node, rule)).ShouldBe([2_000]);
        (await ToldAsync(node, second)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(Node.Sqlite)]
    [InlineData(Node.Postgres)]
    public async Task Whatever_moves_credit_in_whatever_order_each_fall_is_told_once(string database)
    {
        await using var node = await OpenAsync(database);
        var falls = 0;
        for (var seed = 1; seed <= (database is Node.Sqlite ? Lives : Lives / 3); seed++)
        {
            falls += await LiveAsync(node, seed);
        }

        falls.ShouldBeGreaterThan(2);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<int> LiveAsync(ServiceProvider node, int seed)
    {
        var (random, model, open) = (new Random(seed), new TopUpModel(), new List<(InvoiceId Invoice, IReadOnlyList<(TopUpModel.Held, long, Instant)> Taken)>());
        await CustomerAsync(node);
        for (var step = 1; step <= Steps; step++)
        {
            _clock.MoveTo(_clock.Now + Duration.FromHours(random.Next(3) == 0 ? 0 : random.Next(30)));
            var (billing, now) = (node.GetRequiredService<Billing>(), _clock.Now);
            switch (random.Next(8))
            {
                case <= 2:
                    model.Give(await billing.Credits.GrantAsync(_tenant, Any(random, now), Token), now);
                    break;
                case <= 4:
                    var amount = random.Next(1, 120);
                    var taken = model.Use(amount * 100, now);
                    open.Add((await IssueAsync(node, amount), taken));
                    (await billing.Invoices.GetAsync(_tenant, open[^1].Invoice.ToString(), Token)).Prepaid.MinorUnits.ShouldBe(taken.Sum(item => item.Amount), $"seed {seed}, step {step}");
                    break;
                case 5 when open.FindIndex(item => item.Taken.Count > 0) is >= 0 and var place && (await billing.Invoices.GetAsync(_tenant, open[place].Invoice.ToString(), Token)).IsOpen:
                    await billing.Invoices.CancelAsync(_tenant, open[place].Invoice.ToString(), Token);
                    model.Return(open[place].Taken, now);
                    open.RemoveAt(place);
                    break;
                case 6 when model.Open(now) is { Count: > 0 } grants:
                    var grant = grants[random.Next(grants.Count)];
                    await billing.Credits.VoidAsync(_tenant, grant.Id.ToString(), Token);
                    model.Void(grant, now);
                    break;
                default:
                    open.RemoveAll(item => item.Taken.Count == 0);
                    await LookAsync(node);
                    model.Look(now);
                    break;
            }

            (await billing.Credits.BalanceAsync(_tenant, "acme", Token)).Total.MinorUnits.ShouldBe(model.Balance(now), $"seed {seed}, step {step}");
            foreach (var (rule, told) in model.Told)
            {
                (await ToldAsync(node, rule)).ShouldBe(told, $"seed {seed}, step {step}, {now}");
            }
        }

        return model.Told.Values.Sum(told => told.Count);
    }

    private static NewCreditGrant Any(Random random, Instant now)
    {
        var effective = random.Next(3) switch { 0 => now + Duration.FromHours(random.Next(1, 60)), 1 => now - Duration.FromHours(random.Next(1, 60)), _ => now };
        return new NewCreditGrant("acme", Dollars(random.Next(1, 80)))
        {
            Category = CreditCategory.Paid,
            EffectiveAt = effective,
            ExpiresAt = random.Next(2) == 0 ? null : Instant.Max(now, effective) + Duration.FromHours(random.Next(1, 90)),
            Recurrence = random.Next(3) == 0 ? new GrantRecurrence(new BillingInterval(IntervalUnit.Day, 1), Dollars(0)) : null,
            Priority = random.Next(1, 4),
            TopUp = random.Next(3) == 0 ? Rule(random.Next(20, 120)) : null,
        };
    }

    private static AutoTopUp Rule(decimal threshold) => new(Dollars(threshold), Target: Dollars(200));

    private static Money Dollars(decimal amount) => Money.Of(amount, Usd);

    private async Task<ServiceProvider> OpenAsync(string database)
    {
        _connection = database is Node.Sqlite ? $"Data Source={Path.Combine(_folder.FullName, "top-up.db")}" : await PostgresServer.NewDatabaseAsync();
        var node = Node.Open(database, _connection, clock: _clock);
        await node.GetRequiredService<Billing>().MigrateAsync(Token);
        await CustomerAsync(node);
        return node;
    }

    private async Task CustomerAsync(ServiceProvider node)
    {
        _tenant = EntityId.New<TenantId>();
        await node.GetRequiredService<Billing>().Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
    }

    private async Task<CreditGrantId> GrantAsync(ServiceProvider node, decimal amount, NewCreditGrant request)
    {
        var grant = await node.GetRequiredService<Billing>().Credits.GrantAsync(_tenant, request with { Category = CreditCategory.Paid }, Token);
        grant.Amount.ShouldBe(Dollars(amount));
        return grant.Id;
    }

    private async Task<InvoiceId> IssueAsync(ServiceProvider node, decimal amount)
    {
        var billing = node.GetRequiredService<Billing>();
        var draft = await billing.Invoices.CreateAsync(_tenant, new NewInvoice("acme", Usd, [new NewInvoiceLine("Work", amount)]), Token);
        return (await billing.Invoices.IssueAsync(_tenant, draft.Id.ToString(), Token)).Id;
    }

    private static Task LookAsync(ServiceProvider node) => node.GetRequiredService<Billing>().Credits.AdvanceAsync(Token);

    // The balances that were told.
    private async Task<List<long>> ToldAsync(ServiceProvider node, CreditGrantId rule) =>
        [.. (await node.GetRequiredService<IOutboxStore>().OfSubjectAsync(_tenant, rule.ToString(), Token)).Where(item => item.Event.Type == "credit.top_up_due")
            .Select(item => System.Text.Json.JsonElement.Parse(item.Event.Data).GetProperty("balance").GetProperty("minor").GetInt64())];
}
