using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Testing;

/// <summary>The life of one tenant by date: what it sells, who subscribes, what is used, and what is billed as the clock moves.</summary>
public sealed class Scenario : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly Dictionary<string, DateTimeZone> _zones = new(StringComparer.Ordinal);
    private readonly CancellationToken _stop;
    private int _events;

    private Scenario(ServiceProvider services, ManualClock clock, CancellationToken stop) => (_services, Clock, _stop) = (services, clock, stop);

    /// <summary>The engine.</summary>
    public Billing Billing => _services.GetRequiredService<Billing>();

    /// <summary>The time.</summary>
    public ManualClock Clock { get; }

    /// <summary>A tenant of the scenario's own, so that many may share a database.</summary>
    public TenantId Tenant { get; } = EntityId.New<TenantId>();

    /// <summary>Begins a life on a date, on a database that is migrated where it is new.</summary>
    /// <param name="storage">Says where data is kept, as <c>AddBilling</c> does.</param>
    /// <param name="start">The first date.</param>
    /// <param name="cancellationToken">Stops whatever the scenario waits for.</param>
    public static async Task<Scenario> StartAsync(Action<BillingBuilder> storage, string start, CancellationToken cancellationToken = default)
    {
        var clock = new ManualClock(Day.Of(start));
        var services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddBilling(storage);
        services.Configure<BillingOptions>(options => (options.RunWorker, options.UsageGrace, options.FutureSkew) = (false, Duration.Zero, Duration.FromDays(3_660)));
        var scenario = new Scenario(services.BuildServiceProvider(), clock, cancellationToken);
        await scenario.Billing.MigrateAsync(cancellationToken).ConfigureAwait(false);
        return scenario;
    }

    /// <summary>A customer, known by its name.</summary>
    public async Task<Customer> CustomerAsync(string name = "acme", string currency = "USD", string zone = "UTC", Func<Customer, Customer>? with = null)
    {
        var customer = new Customer { Name = name, ExternalId = name, Currency = Currency.Parse(currency), Zone = _zones[name] = DateTimeZoneProviders.Tzdb[zone] };
        return await Billing.Customers.CreateAsync(Tenant, with is null ? customer : with(customer), _stop).ConfigureAwait(false);
    }

    /// <summary>A published plan over prices that are made with it; usage prices bring their metrics.</summary>
    public async Task<Plan> PlanAsync(string code, params IReadOnlyList<Offer> offers)
    {
        ArgumentNullException.ThrowIfNull(offers);
        var items = ImmutableArray.CreateBuilder<PlanItem>();
        foreach (var offer in offers)
        {
            items.Add(new(await offer.CreateAsync(Billing, Tenant, _stop).ConfigureAwait(false), offer.Quantity));
        }

        await Billing.Plans.CreateAsync(Tenant, new Plan { Code = code, Name = code, Currency = items[0].Price.Terms.Currency, Versions = [new PlanVersion(1, items.ToImmutable())] }, _stop).ConfigureAwait(false);
        return await Billing.Plans.PublishAsync(Tenant, code, _stop).ConfigureAwait(false);
    }

    /// <summary>Subscribes a customer to a plan, from now on unless told otherwise.</summary>
    public Task<Subscription> SubscribeAsync(string customer, string plan, Func<NewSubscription, NewSubscription>? with = null)
    {
        var request = new NewSubscription(customer, plan) { StartAt = Clock.Now };
        return Billing.Subscriptions.CreateAsync(Tenant, with is null ? request : with(request), _stop);
    }

    /// <summary>Something that a customer used: an event of a type with a quantity as its property <c>value</c>.</summary>
    /// <returns>The id of the event.</returns>
    public async Task<string> UseAsync(string customer, string type, decimal value, string at, params (string Name, string Value)[] properties)
    {
        var item = new UsageEvent
        {
            Id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"event-{Interlocked.Increment(ref _events)}"), Type = type, Customer = customer, Timestamp = Day.Of(at, ZoneOf(customer)),
            Properties = UsageProperties.Of([KeyValuePair.Create("value", PropertyValue.Of(value)), .. properties.Select(property => KeyValuePair.Create(property.Name, PropertyValue.Of(property.Value)))]),
        };
        var receipt = await Billing.Usage.RecordAsync(Tenant, item, _stop).ConfigureAwait(false);
        return receipt.Accepted == 1 ? item.Id : throw new InvalidOperationException($"The event of {at} was not accepted.");
    }

    /// <summary>Moves the clock to a date and bills everything that falls due on the way, each at its own time; a draft that waits for a person stays one.</summary>
    public async Task GoToAsync(string date, DateTimeZone? zone = null)
    {
        var (target, run) = (Day.Of(date, zone), Instant.MinValue);
        while (await NextAsync(run).ConfigureAwait(false) is { } next && next <= target)
        {
            Clock.MoveTo(Instant.Max(next, Clock.Now));
            await RunAsync().ConfigureAwait(false);
            run = Clock.Now;
        }

        Clock.MoveTo(target);
        await RunAsync().ConfigureAwait(false);
    }

    /// <summary>Bills everything that is due now.</summary>
    /// <exception cref="InvalidOperationException">A subscription could not be billed.</exception>
    public async Task RunAsync()
    {
        var run = await Billing.Runs.RunAsync(Tenant, Clock.Now, cancellationToken: _stop).ConfigureAwait(false);
        if (run.Failures.Length > 0)
        {
            throw new InvalidOperationException($"The run of {Clock.Now} failed: {run.Failures[0].Message}");
        }
    }

    /// <summary>All bills of a customer as text, oldest first, with the dates in its zone.</summary>
    public async Task<string> BillsAsync(string customer)
    {
        var (id, zone) = ((await Billing.Customers.GetAsync(Tenant, customer, _stop).ConfigureAwait(false)).Id.ToString(), ZoneOf(customer));
        var query = new StoreQuery { Limit = Limits.PageSize }.With("customer_id", id);
        var invoices = (await Billing.Invoices.ListAsync(Tenant, query, _stop).ConfigureAwait(false)).Items.Select(invoice => (At: invoice.IssuedAt ?? invoice.CreatedAt, invoice.Number, Text: BillText.Of(invoice, zone)));
        var memos = (await Billing.CreditMemos.ListAsync(Tenant, query, _stop).ConfigureAwait(false)).Items.Select(memo => (At: memo.IssuedAt, memo.Number, Text: BillText.Of(memo, zone)));
        return string.Join('\n', invoices.Concat(memos).OrderBy(bill => bill.At).ThenBy(bill => bill.Number ?? long.MaxValue).Select(bill => bill.Text));
    }

    /// <summary>The invoices of a customer, oldest first.</summary>
    public async Task<IReadOnlyList<Invoice>> InvoicesAsync(string customer)
    {
        var id = (await Billing.Customers.GetAsync(Tenant, customer, _stop).ConfigureAwait(false)).Id.ToString();
        var invoices = (await Billing.Invoices.ListAsync(Tenant, new StoreQuery { Limit = Limits.PageSize }.With("customer_id", id), _stop).ConfigureAwait(false)).Items;
        return [.. invoices.OrderBy(invoice => invoice.IssuedAt ?? invoice.CreatedAt).ThenBy(invoice => invoice.Number ?? long.MaxValue)];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private DateTimeZone ZoneOf(string customer) => _zones.GetValueOrDefault(customer, DateTimeZone.Utc);

    // What is due still after a run is kept as a draft: for the time that the tenant's settings say, or until a person issues it.
    private async Task<Instant?> NextAsync(Instant run)
    {
        var (next, settings) = (default(Instant?), await Billing.Settings.GetAsync(Tenant, _stop).ConfigureAwait(false));
        Instant? Due(Instant? boundary) => boundary > run ? boundary : boundary + Duration.FromHours(settings.DraftHours) is { } issue && issue > run && settings.InvoiceApproval is InvoiceApproval.Automatic ? issue : null;
        for (var query = new StoreQuery { Limit = Limits.PageSize }; ;)
        {
            var page = await Billing.Subscriptions.ListAsync(Tenant, query, _stop).ConfigureAwait(false);
            next = page.Items.Select(subscription => Due(subscription.NextBillingAt)).Append(next).Min();
            if (page.Next is null)
            {
                return next;
            }

            query = query with { After = page.Next };
        }
    }
}
