using System.Collections.Immutable;
using BillApis.Invoicing;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>
/// Issues drafts with the credit that they use and the boundaries that they bill, and gives credit back as they are withdrawn: each in one transaction that loses against whoever
/// used the same grant or changed the same subscription first.
/// </summary>
internal sealed class InvoiceIssue(Settlements settlements, IInvoiceStore invoices, ICreditStore credits, ISubscriptionStore subscriptions, Plans plans, IOptions<BillingOptions> options, IClock clock)
{
    private const string Kind = "invoice";
    private const int MaxAttempts = 16;

    /// <summary>Issues the drafts of subscriptions; answers what is stored for each, also where another run was faster with it, and which have to be drafted anew.</summary>
    public async Task<IssuedInvoices> IssueAsync(TenantId tenant, IReadOnlyList<BoundaryDraft> drafts, CycleResult result, CancellationToken cancellationToken)
    {
        var (stored, overtaken) = (new Dictionary<InvoiceId, Invoice>(), new List<BoundaryDraft>());
        await IssueAsync(tenant, drafts, stored, overtaken, result, cancellationToken).ConfigureAwait(false);
        return new IssuedInvoices(stored, overtaken);
    }

    // All at once; where one of them is in the way, each half by itself, so that few of many are issued alone.
    private async Task IssueAsync(TenantId tenant, IReadOnlyList<BoundaryDraft> drafts, Dictionary<InvoiceId, Invoice> stored, List<BoundaryDraft> overtaken, CycleResult result, CancellationToken cancellationToken)
    {
        if (drafts.Count == 0 || await TryAsync(tenant, drafts, stored, result, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (drafts.Count == 1)
        {
            overtaken.AddRange(await OneAsync(tenant, drafts[0], stored, result, cancellationToken).ConfigureAwait(false) ? [] : [drafts[0]]);
            return;
        }

        foreach (var half in drafts.Chunk((drafts.Count + 1) / 2))
        {
            await IssueAsync(tenant, half, stored, overtaken, result, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Issues a stored draft by the taxes that were decided for it.</summary>
    public Task IssueAsync(TenantId tenant, string reference, Customers customers, CancellationToken cancellationToken) =>
        ChangeAsync(
            tenant,
            reference,
            async draft =>
            {
                var (book, now) = (settlements.NewBook(), clock.GetCurrentInstant());
                var customer = await customers.GetAsync(tenant, draft.Customer.ToString(), cancellationToken).ConfigureAwait(false);
                await book.LoadAsync(tenant, [draft.Customer], cancellationToken).ConfigureAwait(false);
                var settled = InvoiceSettlement.Settle(draft, book.Of(draft.Customer), TaxDecision.Of(draft), now);
                book.Put(settled.Grants);
                var terms = await settlements.TermsAsync(customer, cancellationToken).ConfigureAwait(false);
                return Issued([terms.Put(settled.Invoice).Issue(now, terms.PaymentTermsDays, customer.Zone)], book, now);
            },
            cancellationToken);

    /// <summary>Withdraws an invoice and gives back the credit that it used.</summary>
    public Task CancelAsync(TenantId tenant, string reference, CancellationToken cancellationToken) =>
        ChangeAsync(tenant, reference, before => CanceledAsync(before, before.Cancel(), cancellationToken), cancellationToken);

    /// <summary>Withdraws an invoice where it is not withdrawn yet, and puts a draft in its place; answers the draft's id.</summary>
    public async Task<InvoiceId> ReissueAsync(TenantId tenant, string reference, CancellationToken cancellationToken)
    {
        var id = default(InvoiceId);
        await ChangeAsync(
            tenant,
            reference,
            async before =>
            {
                var numbers = await invoices.CountCorrectionsAsync(tenant, [.. before.Subscriptions()], cancellationToken).ConfigureAwait(false);
                var (withdrawn, replacement) = Reissue.Of(before, subscription => numbers[subscription] + 1, clock.GetCurrentInstant());
                id = replacement.Id;
                var write = before.Status is InvoiceStatus.Canceled ? new InvoiceWrite([withdrawn], []) : await CanceledAsync(before, withdrawn, cancellationToken).ConfigureAwait(false);
                return write with { Invoices = [withdrawn, replacement], Events = [.. write.Events, new BillingEvent("invoice.created", id.ToString(), replacement.CreatedAt)] };
            },
            cancellationToken).ConfigureAwait(false);
        return id;
    }

    // A draft has used no credit yet.
    private async Task<InvoiceWrite> CanceledAsync(Invoice before, Invoice after, CancellationToken cancellationToken)
    {
        var (now, uses, book) = (clock.GetCurrentInstant(), before.Status is InvoiceStatus.Draft ? [] : before.Credits, settlements.NewBook());
        await book.LoadAsync(before.Tenant, uses.IsEmpty ? [] : [before.Customer], cancellationToken).ConfigureAwait(false);
        book.Join(await credits.FindAsync(before.Tenant, [.. uses.Select(use => use.Grant)], cancellationToken).ConfigureAwait(false));
        foreach (var use in uses)
        {
            var query = new StoreQuery { Limit = Limits.PageSize }.With("grant_id", use.Grant.ToString());
            var entries = await Credits.AllAsync(query, page => credits.EntriesAsync(before.Tenant, before.Customer, page, cancellationToken)).ConfigureAwait(false);
            book.Put([book.Of(before.Customer).Single(grant => grant.Id == use.Grant).Return(use.Amount, before.Id, now, entries.OrderBy(entry => entry.Number))]);
        }

        var returned = book.MovedUntil(now);
        var waived = before.Status is InvoiceStatus.Draft ? await WaivedAsync(before, cancellationToken).ConfigureAwait(false) : [];
        var stale = waived.Find(owner => owner.Draft == before.Id);
        return new InvoiceWrite([stale is null ? after : DraftReview.Outdated(before, stale)], [.. InvoicePosting.Canceled(before, after, now), .. returned.SelectMany(CreditEvents.Of), .. book.TopUps([], now)])
        {
            Grants = returned, Subscriptions = [.. waived.Select(owner => owner with { Draft = null })],
        };
    }

    // Whoever withdraws the draft of a boundary waives what it charges: each subscription goes on after it, unless it has the boundary no more.
    private async Task<List<Subscription>> WaivedAsync(Invoice draft, CancellationToken cancellationToken)
    {
        var waived = new List<Subscription>();
        foreach (var id in draft.Subscriptions())
        {
            if (await subscriptions.FindAsync(draft.Tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { NextBillingAt: { } boundary } owner && owner.Draft == draft.Id)
            {
                waived.Add(boundary == draft.CreatedAt ? owner.Billed(boundary, await plans.VersionsAsync(owner, cancellationToken).ConfigureAwait(false), options.Value) : owner);
            }
        }

        return waived;
    }

    private async Task ChangeAsync(TenantId tenant, string reference, Func<Invoice, Task<InvoiceWrite>> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var write = await change(await invoices.GetAsync(tenant, Kind, reference, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            if (await SaveAsync(tenant, write, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }

        throw BillingException.Changed(Kind, reference);
    }

    // All in one transaction.
    private async Task<bool> TryAsync(TenantId tenant, IReadOnlyList<BoundaryDraft> drafts, Dictionary<InvoiceId, Invoice> stored, CycleResult result, CancellationToken cancellationToken)
    {
        var book = settlements.NewBook();
        var settled = await settlements.SettleAsync(tenant, [.. drafts.Select(draft => draft.Invoice)], book, cancellationToken).ConfigureAwait(false);
        if (settled.FirstOrDefault(item => item.Failure is not null) is { } failed)
        {
            if (drafts.Count == 1)
            {
                Fail(drafts[0], failed.Failure!.Message, result);
            }

            return drafts.Count == 1;
        }

        var now = clock.GetCurrentInstant();
        var issued = settled.Select(item => item.Invoice.Issue(now, item.Terms!.PaymentTermsDays, item.Terms.Customer.Zone)).ToList();
        var outdated = drafts.SelectMany(draft => draft.Outdated).ToList();
        var write = Issued(issued, book, now);
        write = write with { Invoices = [.. issued, .. outdated], Events = [.. write.Events, .. drafts.SelectMany(draft => draft.WithdrawnAt(now))], Subscriptions = [.. drafts.Zip(issued).SelectMany(pair => Advanced(pair.First, pair.Second)), .. drafts.Select(draft => draft.Counted).OfType<Subscription>()] };
        var saved = await SaveAsync(tenant, write, cancellationToken).ConfigureAwait(false);
        foreach (var invoice in saved ? issued : [])
        {
            stored[invoice.Id] = invoice;
            result.Add(invoice);
        }

        return saved;
    }

    // Another run was faster with the invoice, or with a grant that it uses, or the subscription was changed and comes up again.
    // False where earlier bills that it adjusts may have been corrected meanwhile.
    private async Task<bool> OneAsync(TenantId tenant, BoundaryDraft one, Dictionary<InvoiceId, Invoice> stored, CycleResult result, CancellationToken cancellationToken)
    {
        var draft = one.Invoice;
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            if (await invoices.FindAsync(tenant, draft.Id.ToString(), cancellationToken).ConfigureAwait(false) is { } found && found.Status is not (InvoiceStatus.Draft or InvoiceStatus.Canceled))
            {
                stored[draft.Id] = found;
                return true;
            }

            if (await TryAsync(tenant, [one], stored, result, cancellationToken).ConfigureAwait(false) || await IsChangedAsync(tenant, one, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }

            // A kept draft may have been changed by a person meanwhile.
            var kept = await invoices.FindAsync(tenant, draft.Id.ToString(), cancellationToken).ConfigureAwait(false);
            var corrects = draft.Corrections().Any();
            if (kept is null ? corrects : kept.Status is InvoiceStatus.Draft && (corrects || kept.Version != draft.Version))
            {
                return false;
            }
        }

        Fail(one, "The customer's credit was used elsewhere at the same time, again and again; run it once more.", result);
        return true;
    }

    private IEnumerable<Subscription> Advanced(BoundaryDraft draft, Invoice issued) => draft.Dues.Select(due => due.Billed(options.Value, issued));

    private async Task<bool> IsChangedAsync(TenantId tenant, BoundaryDraft draft, CancellationToken cancellationToken)
    {
        foreach (var read in draft.Dues.Select(due => due.Subscription))
        {
            if ((await subscriptions.FindAsync(tenant, read.Id.ToString(), cancellationToken).ConfigureAwait(false))?.Version != read.Version)
            {
                return await invoices.FindAsync(tenant, draft.Invoice.Id.ToString(), cancellationToken).ConfigureAwait(false) is null or { Status: InvoiceStatus.Draft or InvoiceStatus.Canceled };
            }
        }

        return false;
    }

    private static InvoiceWrite Issued(IReadOnlyList<Invoice> issued, CreditBook book, Instant now)
    {
        var added = issued.Where(invoice => !invoice.Granted.IsZero).Select(invoice => GrantOf(invoice, now)).ToList();
        List<CreditGrant> moved = [.. book.MovedUntil(now), .. added];
        return new InvoiceWrite(issued, [.. issued.SelectMany(invoice => InvoicePosting.Issued(invoice, now)), .. moved.SelectMany(CreditEvents.Of), .. book.TopUps(added, now)])
        {
            Grants = moved, Schedules = [.. issued.SelectMany(invoice => RevenueSchedule.Of(invoice))],
        };
    }

    private static CreditGrant GrantOf(Invoice invoice, Instant now) => new CreditGrant
    {
        Id = EntityId.Derive<CreditGrantId>(now, invoice.Id.ToString()),
        Tenant = invoice.Tenant,
        Customer = invoice.Customer,
        Category = CreditCategory.Paid,
        Invoice = invoice.Id,
        Amount = invoice.Granted,
        Balance = Money.Zero(invoice.Currency),
        Period = new GrantPeriod(now),
        AsOf = now,
        CreatedAt = now,
    }.Opened();

    private static void Fail(BoundaryDraft draft, string message, CycleResult result) => result.Failures.AddRange(draft.Invoice.Subscriptions().Select(subscription => new RunFailure(subscription, draft.Invoice.CreatedAt, message)));

    private async Task<bool> SaveAsync(TenantId tenant, InvoiceWrite write, CancellationToken cancellationToken) =>
        await invoices.SaveAsync(tenant, write, cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
}

/// <summary>A draft, and the boundaries of subscriptions that it bills: one, several where they are billed together, or none.</summary>
internal sealed record BoundaryDraft(Invoice Invoice, params ImmutableArray<DueCharges> Dues)
{
    /// <summary>The subscription with the coupons counted that an invoice between its boundaries uses; null where it uses none.</summary>
    public Subscription? Counted { get; init; }

    /// <summary>One between the boundaries of a subscription, whose coupons count what it charges itself for a period; null where it charges nothing but corrections.</summary>
    public static BoundaryDraft Between(Invoice invoice, Subscription subscription, Instant? period)
    {
        var counted = subscription.Counted(invoice, period ?? invoice.CreatedAt);
        return new BoundaryDraft(invoice) { Counted = counted.Coupons.SequenceEqual(subscription.Coupons) ? null : counted };
    }

    /// <summary>The kept drafts whose place it takes, withdrawn.</summary>
    public ImmutableArray<Invoice> Outdated { get; init; } = [];

    /// <summary>That they are withdrawn.</summary>
    public IReadOnlyList<BillingEvent> WithdrawnAt(Instant now) => [.. Outdated.Select(draft => new BillingEvent("invoice.canceled", draft.Id.ToString(), now))];
}

/// <summary>What became of drafts.</summary>
/// <param name="Stored">The invoices that are stored, by whoever was first.</param>
/// <param name="Overtaken">The drafts whose adjustments may be wrong by now.</param>
internal sealed record IssuedInvoices(IReadOnlyDictionary<InvoiceId, Invoice> Stored, IReadOnlyList<BoundaryDraft> Overtaken);
