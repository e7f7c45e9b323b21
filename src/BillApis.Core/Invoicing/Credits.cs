using BillApis.Invoicing;
using BillApis.Outbox;
using NodaTime;

namespace BillApis;

/// <summary>Credit that customers were given or bought.</summary>
public sealed class Credits(ICreditStore store, IInvoiceStore invoices, Customers customers, OutboxDispatcher outbox, IClock clock)
{
    private const string Kind = "credit grant";
    private const int BatchSize = 200;
    private const int MaxAttempts = 8;

    /// <summary>Gives a customer credit, and posts what it paid for it.</summary>
    /// <exception cref="BillingException">There is no such customer, or a field breaks a rule.</exception>
    public async Task<CreditGrant> GrantAsync(TenantId tenant, NewCreditGrant request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var customer = await customers.GetAsync(tenant, request.Customer, cancellationToken).ConfigureAwait(false);
        var id = EntityId.New<CreditGrantId>();
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var (now, book) = (clock.GetCurrentInstant(), new CreditBook(store));
            Validate(request, customer, now);
            var grant = GrantOf(id, request, customer, now);

            // What is given makes no balance fall; a top-up asks what else there is.
            await book.LoadAsync(tenant, grant.TopUp is null ? [] : [customer.Id], cancellationToken).ConfigureAwait(false);
            if (await book.SaveAsync(tenant, now, [grant], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                await outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
                return grant.WithVersion(1);
            }
        }

        throw BillingException.Changed(Kind, id.ToString());
    }

    /// <summary>Reads one, refilled and expired as of now.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public async Task<CreditGrant> GetAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        (await store.GetAsync(tenant, Kind, id, cancellationToken).ConfigureAwait(false)).AdvancedTo(clock.GetCurrentInstant());

    /// <summary>Lists newest first, refilled and expired as of now; filtered by <c>customer_id</c>, <c>category</c> and <c>currency</c>.</summary>
    public async Task<Page<CreditGrant>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default)
    {
        var now = clock.GetCurrentInstant();
        return (await store.ListAsync(tenant, query, cancellationToken).ConfigureAwait(false)).Select(grant => grant.AdvancedTo(now));
    }

    /// <summary>Withdraws what is left of a grant; what was used stays used.</summary>
    /// <exception cref="BillingException">There is none such, or it has ended.</exception>
    public async Task<CreditGrant> VoidAsync(TenantId tenant, string id, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var (before, now, book) = (await store.GetAsync(tenant, Kind, id, cancellationToken).ConfigureAwait(false), clock.GetCurrentInstant(), new CreditBook(store));
            if (before.Memo is { } memo)
            {
                throw new BillingException(BillingErrorCode.Conflict, $"The credit grant '{id}' came from the credit memo '{memo}' and is withdrawn with that.");
            }

            await book.LoadAsync(tenant, [before.Customer], cancellationToken).ConfigureAwait(false);
            var voided = before.Void(now);
            book.Put([voided]);
            if (await book.SaveAsync(tenant, now, [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                await outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
                return voided.WithVersion(before.Version + 1);
            }
        }

        throw BillingException.Changed(Kind, id);
    }

    /// <summary>What a customer can use now.</summary>
    /// <exception cref="BillingException">The tenant has no such customer.</exception>
    public async Task<CreditBalance> BalanceAsync(TenantId tenant, string customer, CancellationToken cancellationToken = default)
    {
        var found = await customers.GetAsync(tenant, customer, cancellationToken).ConfigureAwait(false);
        var now = clock.GetCurrentInstant();
        var grants = await store.OpenAsync(tenant, [found.Id], cancellationToken).ConfigureAwait(false);
        Money Of(CreditCategory category) => CreditEvents.Available(grants.Where(grant => grant.Category == category), found.Currency, now);
        return new CreditBalance(found.Id, Of(CreditCategory.Paid), Of(CreditCategory.Promotional), now);
    }

    /// <summary>What a customer could use at instants of the past, in their order.</summary>
    /// <exception cref="BillingException">The tenant has no such customer, or an instant is too far ahead.</exception>
    public async Task<IReadOnlyList<BalancePoint>> HistoryAsync(TenantId tenant, string customer, IReadOnlyList<Instant> instants, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(instants);
        Horizon.Ahead("instants", instants.Select(at => (Instant?)at).Max(), clock.GetCurrentInstant());

        var found = await customers.GetAsync(tenant, customer, cancellationToken).ConfigureAwait(false);
        var all = new StoreQuery { Limit = Limits.PageSize };
        var grants = await AllAsync(all.With("customer_id", found.Id.ToString()), query => store.ListAsync(tenant, query, cancellationToken)).ConfigureAwait(false);
        var entries = await AllAsync(all, query => store.EntriesAsync(tenant, found.Id, query, cancellationToken)).ConfigureAwait(false);
        return BalanceHistory.At(grants, entries, instants, found.Currency);
    }

    /// <summary>What moved a customer's grants, newest first; narrowed by <c>grant_id</c>.</summary>
    /// <exception cref="BillingException">The tenant has no such customer.</exception>
    public async Task<Page<CreditEntry>> ListEntriesAsync(TenantId tenant, string customer, StoreQuery query, CancellationToken cancellationToken = default) =>
        await store.EntriesAsync(tenant, (await customers.GetAsync(tenant, customer, cancellationToken).ConfigureAwait(false)).Id, query, cancellationToken).ConfigureAwait(false);

    /// <summary>Counts every grant anew from its entries, and compares those with what invoices say that they used; none is how it should be.</summary>
    public Task<IReadOnlyList<CreditDifference>> VerifyAsync(TenantId tenant, CancellationToken cancellationToken = default) => new CreditRebuild(store, invoices, clock).RunAsync(tenant, set: false, cancellationToken);

    /// <summary>The same, and sets what <see cref="CreditDifference.CanBeSet"/>; safe to repeat.</summary>
    public Task<IReadOnlyList<CreditDifference>> RebuildAsync(TenantId tenant, CancellationToken cancellationToken = default) => new CreditRebuild(store, invoices, clock).RunAsync(tenant, set: true, cancellationToken);

    /// <summary>Refills and expires what is due, of all tenants; a grant that someone else moved meanwhile is left to the next round.</summary>
    internal async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        for (var due = await DueAsync().ConfigureAwait(false); due.Count > 0; due = await DueAsync().ConfigureAwait(false))
        {
            foreach (var (tenant, customer) in due.Select(grant => (grant.Tenant, grant.Customer)).Distinct())
            {
                var book = new CreditBook(store);
                await book.LoadAsync(tenant, [customer], cancellationToken).ConfigureAwait(false);
                await book.SaveAsync(tenant, clock.GetCurrentInstant(), [], cancellationToken).ConfigureAwait(false);
            }

            await outbox.DispatchAsync(null, cancellationToken).ConfigureAwait(false);
        }

        Task<IReadOnlyList<CreditGrant>> DueAsync() => store.DueAsync(clock.GetCurrentInstant(), BatchSize, cancellationToken);
    }

    private static CreditGrant GrantOf(CreditGrantId id, NewCreditGrant request, Customer customer, Instant now) => new CreditGrant
    {
        Id = id,
        Tenant = customer.Tenant,
        Customer = customer.Id,
        Category = request.Category,
        Amount = request.Amount,
        Balance = Money.Zero(request.Amount.Currency),
        Period = new GrantPeriod(request.EffectiveAt ?? now, request.ExpiresAt),
        Priority = request.Priority,
        Scope = request.Scope,
        Recurrence = request.Recurrence,
        TopUp = request.TopUp,
        Metadata = request.Metadata,
        AsOf = now,
        CreatedAt = now,
    }.Opened();

    internal static async Task<List<T>> AllAsync<T>(StoreQuery query, Func<StoreQuery, Task<Page<T>>> list)
    {
        var items = new List<T>();
        for (var next = query; ;)
        {
            var page = await list(next).ConfigureAwait(false);
            items.AddRange(page.Items);
            if (page.Next is null)
            {
                return items;
            }

            next = next with { After = page.Next };
        }
    }

    private static void Validate(NewCreditGrant request, Customer customer, Instant now)
    {
        if (request.Amount.Currency != customer.Currency)
        {
            throw BillingException.Field("currency", $"must be {customer.Currency}, the currency of the customer '{customer.Id}'");
        }

        if (request.Amount.MinorUnits <= 0)
        {
            throw BillingException.Field("amount", "must be more than 0");
        }

        Given.Known(request.Category, nameof(request));
        ArgumentNullException.ThrowIfNull(request.Scope, nameof(request));
        Given.All(request.Scope.Metrics, nameof(request));
        Given.All(request.Scope.Products, nameof(request));
        _ = MoneyCheck.Exactly("amount", request.Amount.Amount, request.Amount.Currency);
        Horizon.Ahead("effective_at", request.EffectiveAt, now);

        if (request.ExpiresAt is { } expires && expires <= Instant.Max(now, request.EffectiveAt ?? now))
        {
            throw BillingException.Field("expires_at", "must be in the future and after effective_at");
        }

        if (request.Recurrence is { } recurrence && (recurrence.Rollover.MinorUnits < 0 || recurrence.Rollover.Currency != customer.Currency))
        {
            throw BillingException.Field("recurrence.rollover", $"must not be less than 0 {customer.Currency}");
        }

        if (request.Recurrence is { } refilled)
        {
            if (refilled.Interval == default)
            {
                throw BillingException.Field("recurrence.interval", "is required");
            }

            MoneyCheck.Together("recurrence.rollover", refilled.Rollover, "the amount", request.Amount);
        }

        Check.Range("priority", request.Priority, 0, CreditGrant.MaxPriority);
        Check.Range("applies_to", request.Scope.Width, 0, CreditScope.MaxWidth);
        Check.Metadata(request.Metadata);
        request.TopUp?.Validate(customer.Currency);
        if (request.TopUp is { Amount: { } bought, Threshold: var threshold })
        {
            MoneyCheck.Together("top_up.amount", bought, "the threshold", threshold);
        }
    }
}

/// <summary>What a customer can use.</summary>
/// <param name="Customer">Whose it is.</param>
/// <param name="Paid">What was bought.</param>
/// <param name="Promotional">What was given.</param>
/// <param name="AsOf">When.</param>
public sealed record CreditBalance(CustomerId Customer, Money Paid, Money Promotional, Instant AsOf)
{
    /// <summary>Both together.</summary>
    public Money Total => Paid + Promotional;
}
