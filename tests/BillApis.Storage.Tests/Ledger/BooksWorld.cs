using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using BillApis.Testing;
using BillApis.Workers;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Ledger;

/// <summary>A tenant whose time passes and to whom everything happens that moves money, at random; what came in and what was used is counted apart.</summary>
internal sealed class BooksWorld : IAsyncDisposable
{
    public const decimal CallPrice = 0.0137m;
    private const int Customers = 4;
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly ServiceProvider _services;
    private readonly ManualClock _clock;
    private readonly Random _random;
    private readonly List<string> _subscriptions = [];
    private int _events;

    public BooksWorld(Action<BillingBuilder> storage, int seed)
    {
        (_clock, _random) = (new ManualClock(Instant.FromUtc(2026, 1, 1, 0, 0)), new Random(seed));
        var services = new ServiceCollection().AddSingleton<TimeProvider>(_clock).AddBilling(storage);
        services.Configure<BillingOptions>(options => (options.RunWorker, options.UsageGrace) = (false, Duration.Zero));
        _services = services.BuildServiceProvider();
    }

    public Billing Billing => _services.GetRequiredService<Billing>();

    public TenantId Tenant { get; } = EntityId.New<TenantId>();

    /// <summary>The money that came in, less what went out.</summary>
    public decimal Received { get; private set; }

    /// <summary>The units that were used in all.</summary>
    public decimal Used { get; private set; }

    public Instant Now => _clock.Now;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async Task OpenAsync()
    {
        await Billing.MigrateAsync(Stop);
        await Billing.TaxRates.CreateAsync(Tenant, new TaxRate { Country = "DE", Percentage = 19 }, Stop);
        var metric = await Billing.Metrics.CreateAsync(Tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Sum, Property = "value" }, Stop);
        var fee = await PriceAsync("fee", new FlatPrice(31.17m), BillingTiming.InAdvance, null);
        var calls = await PriceAsync("calls", new PerUnitPrice(CallPrice), BillingTiming.InArrears, metric.Id);
        await PlanAsync("fee", fee);
        await PlanAsync("metered", fee, calls);
        for (var i = 0; i < Customers; i++)
        {
            await Billing.Customers.CreateAsync(Tenant, new Customer { Name = "Acme", ExternalId = $"acme-{i}", Currency = Usd, Country = i % 2 == 0 ? "DE" : null }, Stop);
            await Billing.Subscriptions.CreateAsync(Tenant, new NewSubscription($"acme-{i}", "metered"), Stop);
            await Billing.SpendLimits.CreateAsync(Tenant, new NewSpendLimit($"acme-{i}", Money.Of(5, Usd)) { Action = i == 0 ? SpendAction.Block : SpendAction.Notify }, Stop);
        }

        await WorkAsync();
    }

    public async ValueTask DisposeAsync() => await _services.DisposeAsync();

    /// <summary>What the worker does of itself.</summary>
    public Task WorkAsync() => _services.GetRequiredService<BillingWorker>().RunOnceAsync(Stop);

    /// <summary>Something at random; refused where the state does not allow it.</summary>
    /// <returns>Its name.</returns>
    public async Task<string> OperateAsync()
    {
        Func<Task>[] operations =
        [
            PassAsync, PassAsync, PassAsync, UseAsync, UseAsync, UseAsync, InvoiceAsync, InvoiceAsync, PayAsync, PayAsync, PayAsync, CreditAsync, CreditAsync, CancelCreditAsync, PayOutAsync,
            GrantAsync, GrantAsync, GrantAsync, VoidGrantAsync, WriteOffAsync, CancelAsync, ReissueAsync, SubscribeAsync, EndAsync,
        ];
        var operation = operations[_random.Next(operations.Length)];
        await operation();
        return operation.Method.Name;
    }

    private async Task PassAsync()
    {
        _clock.MoveTo(Now + Duration.FromHours(_random.Next(1, 14 * 24)));
        await WorkAsync();
    }

    private async Task UseAsync()
    {
        var value = _random.Next(1, 30_000) / 100m;
        var item = new UsageEvent { Id = $"event-{++_events}", Type = "call", Customer = $"acme-{_random.Next(Customers)}", Timestamp = Now, Properties = UsageProperties.Of([KeyValuePair.Create("value", PropertyValue.Of(value))]) };
        (await Billing.Usage.RecordAsync(Tenant, item, Stop)).Accepted.ShouldBe(1);
        Used += value;

        // What comes fast is looked at together; whoever asks sees all of it.
        await Billing.SpendLimits.StatusAsync(Tenant, item.Customer, cancellationToken: Stop);
    }

    private async Task InvoiceAsync()
    {
        var lines = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => new NewInvoiceLine("Work", _random.Next(-2_000, 4_000) / 100m));
        var draft = await Billing.Invoices.CreateAsync(Tenant, new NewInvoice($"acme-{_random.Next(Customers)}", Usd, [.. lines]), Stop);
        await Billing.Invoices.IssueAsync(Tenant, draft.Id.ToString(), Stop);
    }

    private async Task PayAsync()
    {
        if (await AnyAsync(invoice => invoice.IsOpen) is { } open)
        {
            var amount = _random.Next(2) == 0 ? open.Due.Amount : (open.Due.MinorUnits + 1) / 2 / 100m;
            await Billing.Invoices.PayAsync(Tenant, open.Id.ToString(), amount, null, Stop);
            Received += amount;
        }
    }

    private async Task CreditAsync()
    {
        if (await AnyAsync(invoice => invoice.Number is not null && invoice.Status is not InvoiceStatus.Canceled && (invoice.Total - invoice.Credited).MinorUnits > 1) is { } credited)
        {
            var part = (credited.Total - credited.Credited).MinorUnits / _random.Next(1, 4) / 100m;
            await Billing.CreditMemos.CreateAsync(Tenant, new NewCreditMemo(credited.Id.ToString(), "Goodwill") { Amount = part, Refund = _random.Next(2) == 0 }, Stop);
        }
    }

    private async Task CancelCreditAsync()
    {
        var memos = await MemosAsync();
        if (memos.Count > 0)
        {
            await Billing.CreditMemos.CancelAsync(Tenant, memos[_random.Next(memos.Count)].Id.ToString(), Stop);
        }
    }

    private async Task PayOutAsync()
    {
        if ((await MemosAsync()).FirstOrDefault(memo => memo is { Refund: true, Status: CreditMemoStatus.Issued, RefundPaidAt: null } && !memo.Returned.IsZero) is { } memo)
        {
            await Billing.CreditMemos.PayOutAsync(Tenant, memo.Id.ToString(), cancellationToken: Stop);
            Received -= memo.Returned.Amount;
        }
    }

    private async Task GrantAsync()
    {
        var (category, amount) = (_random.Next(3) == 0 ? CreditCategory.Promotional : CreditCategory.Paid, _random.Next(1, 6_000) / 100m);
        await Billing.Credits.GrantAsync(
            Tenant,
            new NewCreditGrant($"acme-{_random.Next(Customers)}", Money.Of(amount, Usd)) { Category = category, Priority = _random.Next(3), ExpiresAt = _random.Next(2) == 0 ? Now + Duration.FromDays(_random.Next(1, 20)) : null },
            Stop);
        Received += category is CreditCategory.Paid ? amount : 0;
    }

    private async Task VoidGrantAsync()
    {
        var grants = await GrantsAsync();
        if (grants.Count > 0)
        {
            var grant = grants[_random.Next(grants.Count)];
            await Billing.Credits.VoidAsync(Tenant, grant.Id.ToString(), Stop);
            Received -= grant.Category is CreditCategory.Paid ? grant.Balance.Amount : 0;
        }
    }

    private async Task WriteOffAsync()
    {
        if (await AnyAsync(invoice => invoice.IsOpen) is { } open)
        {
            await Billing.Invoices.WriteOffAsync(Tenant, open.Id.ToString(), Stop);
        }
    }

    private async Task CancelAsync()
    {
        if (await AnyAsync(invoice => invoice.Number is not null) is { } wrong)
        {
            await Billing.Invoices.CancelAsync(Tenant, wrong.Id.ToString(), Stop);
        }
    }

    private async Task ReissueAsync()
    {
        if (await AnyAsync(invoice => invoice.IsOpen && invoice.Payments.IsEmpty && invoice.CreditMemos.IsEmpty) is { } wrong)
        {
            var replacement = await Billing.Invoices.ReissueAsync(Tenant, wrong.Id.ToString(), Stop);
            await Billing.Drafts.AddLineAsync(Tenant, replacement.Id.ToString(), new NewInvoiceLine("Correction", _random.Next(-1_000, 1_000) / 100m), null, Stop);
            await Billing.Invoices.IssueAsync(Tenant, replacement.Id.ToString(), Stop);
        }
    }

    private async Task SubscribeAsync()
    {
        var made = await Billing.Subscriptions.CreateAsync(Tenant, new NewSubscription($"acme-{_random.Next(Customers)}", "fee"), Stop);
        _subscriptions.Add(made.Id.ToString());
        await WorkAsync();
    }

    private async Task EndAsync()
    {
        if (_subscriptions.Count > 0)
        {
            var subscription = _subscriptions[_random.Next(_subscriptions.Count)];
            _subscriptions.Remove(subscription);
            await Billing.Changes.ApplyAsync(Tenant, subscription, new Cancel { When = ChangeWhen.Immediate, Proration = ChangeProration.Prorate }, Stop);
            await WorkAsync();
        }
    }

    public async Task<List<Invoice>> InvoicesAsync() => await AllAsync(query => Billing.Invoices.ListAsync(Tenant, query, Stop));

    public async Task<List<CreditMemo>> MemosAsync() => await AllAsync(query => Billing.CreditMemos.ListAsync(Tenant, query, Stop));

    public async Task<List<CreditGrant>> GrantsAsync() => await AllAsync(query => Billing.Credits.ListAsync(Tenant, query, Stop));

    public async Task<List<CreditEntry>> EntriesAsync()
    {
        var all = new List<CreditEntry>();
        for (var i = 0; i < Customers; i++)
        {
            all.AddRange(await AllAsync(query => Billing.Credits.ListEntriesAsync(Tenant, $"acme-{i}", query, Stop)));
        }

        return all;
    }

    private async Task<Invoice?> AnyAsync(Func<Invoice, bool> which)
    {
        var found = (await InvoicesAsync()).Where(which).ToList();
        return found.Count == 0 ? null : found[_random.Next(found.Count)];
    }

    private static async Task<List<T>> AllAsync<T>(Func<StoreQuery, Task<Page<T>>> list)
    {
        var page = await list(new StoreQuery { Limit = Limits.PageSize });
        page.Next.ShouldBeNull("more than a page is not counted");
        return [.. page.Items];
    }

    private Task<Price> PriceAsync(string code, PriceModel model, BillingTiming timing, MetricId? metric) =>
        Billing.Prices.CreateAsync(Tenant, new Price { Code = code, Metric = metric, Terms = new PriceTerms { Currency = Usd, Model = model, Timing = timing } }, Stop);

    private async Task PlanAsync(string code, params Price[] prices)
    {
        await Billing.Plans.CreateAsync(Tenant, new Plan { Code = code, Name = code, Currency = Usd, Versions = [new PlanVersion(1, [.. prices.Select(price => new PlanItem(price))])] }, Stop);
        await Billing.Plans.PublishAsync(Tenant, code, Stop);
    }
}
