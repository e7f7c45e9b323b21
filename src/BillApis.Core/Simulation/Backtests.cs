using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Rates past usage under another plan: what customers paid, and what they would have.</summary>
public sealed class Backtests
{
    private const int BatchSize = 100;
    private readonly Customers _customers;
    private readonly Plans _plans;
    private readonly ISubscriptionStore _subscriptions;
    private readonly IStore<Invoice> _invoices;
    private readonly ChargedUsageReader _usage;
    private readonly IClock _clock;

    internal Backtests(Customers customers, Plans plans, ISubscriptionStore subscriptions, IStore<Invoice> invoices, ChargedUsageReader usage, IClock clock) =>
        (_customers, _plans, _subscriptions, _invoices, _usage, _clock) = (customers, plans, subscriptions, invoices, usage, clock);

    /// <summary>Revenue by customer, before coupons, credits and taxes: of the lines whose periods began in the interval, and of the newest version of the plan, commitment included, for as much of it as the customer had a subscription.</summary>
    /// <param name="tenant">Whose customers they are.</param>
    /// <param name="plan">The plan's id or code.</param>
    /// <param name="period">The half-open interval of the past.</param>
    /// <param name="customers">Ids or external ids; empty for every customer that has a subscription.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="BillingException">There is no such plan or customer, or the period is endless or ends more than <see cref="Limits.SubscriptionHorizon"/> from now.</exception>
    public async Task<Backtest> RunAsync(TenantId tenant, string plan, Interval period, IReadOnlyCollection<string> customers, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(customers);
        if (!period.HasStart || !period.HasEnd || period.End > _clock.GetCurrentInstant() + Limits.SubscriptionHorizon)
        {
            throw BillingException.Field("period", $"must have a start, and an end within {Limits.SubscriptionHorizon.Days} days of now");
        }

        var found = await _plans.GetAsync(tenant, plan, cancellationToken).ConfigureAwait(false);
        var (rows, failures) = (ImmutableArray.CreateBuilder<BacktestRow>(), ImmutableArray.CreateBuilder<BacktestFailure>());
        var seen = new HashSet<CustomerId>();
        await foreach (var read in BatchesAsync(tenant, customers, cancellationToken).ConfigureAwait(false))
        {
            // One that is named by its id and by its external id is one.
            var batch = read.Where(customer => seen.Add(customer.Id)).ToList();
            var (fitting, others) = (batch.Where(customer => customer.Currency == found.Currency).ToList(), batch.Where(customer => customer.Currency != found.Currency));
            failures.AddRange(others.Select(customer => new BacktestFailure(customer.Id, $"The plan is in {found.Currency}, and the customer is billed in {customer.Currency}.")));
            var after = await AfterAsync(tenant, found, period, fitting, failures, cancellationToken).ConfigureAwait(false);
            foreach (var customer in fitting.Where(customer => after.ContainsKey(customer.Id)))
            {
                try
                {
                    rows.Add(new BacktestRow(customer.Id, await BeforeAsync(customer, period, cancellationToken).ConfigureAwait(false), after[customer.Id]));
                }
                catch (OverflowException exception)
                {
                    failures.Add(new BacktestFailure(customer.Id, exception.Message));
                }
            }
        }

        return new Backtest(found.Id, found.Latest.Number, found.Currency, period, rows.ToImmutable(), failures.ToImmutable());
    }

    private async IAsyncEnumerable<IReadOnlyList<Customer>> BatchesAsync(TenantId tenant, IReadOnlyCollection<string> references, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (references.Count > 0)
        {
            foreach (var chunk in references.Where(seen.Add).Chunk(BatchSize))
            {
                yield return await ReadAsync(tenant, chunk, cancellationToken).ConfigureAwait(false);
            }

            yield break;
        }

        for (var query = new StoreQuery { Limit = BatchSize }; ;)
        {
            var page = await _subscriptions.ListAsync(tenant, query, cancellationToken).ConfigureAwait(false);
            yield return await ReadAsync(tenant, [.. page.Items.Select(subscription => subscription.Customer.ToString()).Where(seen.Add)], cancellationToken).ConfigureAwait(false);
            if (page.Next is null)
            {
                yield break;
            }

            query = query with { After = page.Next };
        }
    }

    private async Task<IReadOnlyList<Customer>> ReadAsync(TenantId tenant, string[] references, CancellationToken cancellationToken)
    {
        var customers = new List<Customer>(references.Length);
        foreach (var reference in references)
        {
            customers.Add(await _customers.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false));
        }

        return customers;
    }

    // What falls due as if each customer had subscribed at the start of the interval, or where it did so later, then.
    private async Task<Dictionary<CustomerId, Money>> AfterAsync(
        TenantId tenant, Plan plan, Interval period, IReadOnlyList<Customer> customers, ImmutableArray<BacktestFailure>.Builder failures, CancellationToken cancellationToken)
    {
        var timelines = (await _subscriptions.OfCustomersAsync(tenant, [.. customers.Select(customer => customer.Id)], cancellationToken).ConfigureAwait(false)).ToLookup(subscription => subscription.Customer, subscription => subscription.Timeline);
        var due = customers.SelectMany(customer => BoundariesOf(plan.Latest, customer, Served([.. timelines[customer.Id]], period))).ToList();
        var asked = new List<(Charge Charge, UsageRequest Request)>();
        foreach (var (customer, _, at) in due)
        {
            foreach (var charge in at.Charges.Where(charge => charge.Price.Metric is not null))
            {
                asked.Add((charge, await _usage.RequestAsync(tenant, charge, customer.Id, subscription: null, cancellationToken).ConfigureAwait(false) with { Zone = customer.Zone }));
            }
        }

        var read = new Queue<RatingInput>(await _usage.ReadAsync(tenant, asked, cancellationToken).ConfigureAwait(false));
        var billed = customers.ToDictionary(customer => customer.Id, _ => (Lines: new List<InvoiceLine>(), Sum: Money.Zero(plan.Currency)));
        foreach (var (customer, boundary, at) in due)
        {
            ImmutableArray<ChargedUsage> used = [.. at.Charges.Select(charge => new ChargedUsage(charge, charge.Price.Metric is null ? default : read.Dequeue()))];
            if (!billed.TryGetValue(customer.Id, out var bill))
            {
                continue; // It failed at an earlier boundary: once is enough to say so.
            }

            try
            {
                var (lines, sum) = bill;
                var request = new InvoiceRequest { Tenant = tenant, Customer = customer.Id, Currency = plan.Currency, Boundary = boundary, Charges = used, Commitments = [.. at.Commitments.Select(item => item.After(lines))] };
                var added = InvoiceCalculator.Calculate(request).Lines;
                lines.AddRange(added);
                billed[customer.Id] = (lines, added.Aggregate(sum, (total, line) => total + line.Amount));
            }
            catch (Exception exception) when (exception is BillingException or OverflowException)
            {
                failures.Add(new BacktestFailure(customer.Id, exception.Message));
                billed.Remove(customer.Id);
            }
        }

        return billed.ToDictionary(item => item.Key, item => item.Value.Sum);
    }

    // As much of an interval as the customer had a subscription that was charged; all of it for one that never had any, whose usage is rated alike.
    private static Interval Served(IReadOnlyCollection<Timeline> timelines, Interval period)
    {
        if (timelines.Count == 0)
        {
            return period;
        }

        var start = Instant.Max(period.Start, timelines.Min(timeline => timeline.BillingStartAt));
        return new Interval(start, Instant.Max(start, Instant.Min(period.End, timelines.Max(timeline => timeline.EndsAt ?? Instant.MaxValue))));
    }

    private static IEnumerable<(Customer Customer, Instant Boundary, DueAtBoundary Due)> BoundariesOf(PlanVersion plan, Customer customer, Interval served)
    {
        if (served.Duration == Duration.Zero)
        {
            yield break;
        }

        var timeline = new Timeline { StartAt = served.Start, EndAt = served.End, Zone = customer.Zone, Anchor = BillingAnchor.Subscription };
        var schedule = ChargeSchedule.Of(timeline, plan);
        for (var boundary = schedule.NextBoundary(null); boundary is { } at; boundary = schedule.NextBoundary(at))
        {
            yield return (customer, at, schedule.At(at, []));
        }
    }

    // An invoice is made no earlier than the periods of its lines begin, so that older ones need not be read.
    private async Task<Money> BeforeAsync(Customer customer, Interval period, CancellationToken cancellationToken)
    {
        var sum = Money.Zero(customer.Currency);
        for (var query = new StoreQuery { Limit = Limits.PageSize }.With("customer_id", customer.Id.ToString()); ;)
        {
            var page = await _invoices.ListAsync(customer.Tenant, query, cancellationToken).ConfigureAwait(false);
            sum = page.Items.Where(invoice => invoice.IssuedAt is not null && invoice.Status is not InvoiceStatus.Canceled && invoice.Currency == customer.Currency).SelectMany(invoice => invoice.Lines)
                .Where(line => line.Period is { } served && period.Contains(served.Start)).Aggregate(sum, (total, line) => total + line.Amount);
            if (page.Next is null || page.Items[^1].CreatedAt < period.Start)
            {
                return sum;
            }

            query = query with { After = page.Next };
        }
    }
}

/// <summary>Past usage under another plan.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Version">Which version of it.</param>
/// <param name="Currency">The currency of all amounts.</param>
/// <param name="Period">The interval of the past.</param>
/// <param name="Customers">The customers, in the order asked or, where all were, newest subscription first.</param>
/// <param name="Failures">Those that the plan could not bill, and why.</param>
public sealed record Backtest(PlanId Plan, int Version, Currency Currency, Interval Period, ImmutableArray<BacktestRow> Customers, ImmutableArray<BacktestFailure> Failures)
{
    /// <summary>What was billed to all of them.</summary>
    /// <exception cref="BillingException">It is more than an amount can be.</exception>
    public Money Before => Sum("What was billed to all customers", row => row.Before);

    /// <summary>What would have been.</summary>
    /// <exception cref="BillingException">It is more than an amount can be.</exception>
    public Money After => Sum("What the plan would have billed to all customers", row => row.After);

    private Money Sum(string what, Func<BacktestRow, Money> amount)
    {
        var (customers, zero) = (Customers, Money.Zero(Currency));
        return BillingException.OrTooMuch(what, () => customers.Aggregate(zero, (sum, row) => sum + amount(row)));
    }
}

/// <summary>One customer's revenue.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Before">What was billed.</param>
/// <param name="After">What the plan would have billed.</param>
public sealed record BacktestRow(CustomerId Customer, Money Before, Money After);

/// <summary>Why a plan cannot bill a customer.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Message">Why.</param>
public sealed record BacktestFailure(CustomerId Customer, string Message);
