using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Makes the draft invoice of a subscription's boundary: its charges, their usage, and the calculator.</summary>
internal sealed class SubscriptionInvoices(Plans plans, ChargedUsageReader usage, Recharges recharges, AdvancedLines advanced, EarlierBills earlier, Settings settings)
{
    /// <summary>What falls due at the next boundary of each subscription; reads plans, and what was billed in advance where a change takes effect.</summary>
    /// <param name="subscriptions">The subscriptions.</param>
    /// <param name="drafted">Earlier invoices of them that are not stored, as in a preview of several boundaries.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<DueCharges>> DueAsync(IReadOnlyList<Subscription> subscriptions, IReadOnlyList<Invoice> drafted, CancellationToken cancellationToken)
    {
        var due = new List<DueCharges>(subscriptions.Count);
        foreach (var subscription in subscriptions.Where(subscription => subscription.NextBillingAt is not null))
        {
            var (versions, boundary) = (await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false), subscription.NextBillingAt!.Value);
            var schedule = ChargeSchedule.Of(subscription.Timeline, versions);
            var billed = schedule.IsChange(boundary) ? await advanced.BeyondAsync(subscription, boundary, schedule.AdvancedSince(boundary), drafted, cancellationToken).ConfigureAwait(false) : [];
            var at = schedule.At(boundary, billed, subscription.EntriesBilled, subscription.BilledUntil == boundary);
            var countsFor = schedule.CountsFor(at.Charges.Select(charge => charge.Period.Start), boundary);
            due.Add(new DueCharges(subscription, versions, schedule, boundary, at.Charges)
            {
                Unused = at.Unused,
                Commitments = at.Commitments,
                Dropped = subscription.IsWatched && subscription.BilledUntil == boundary ? schedule.Dropped(boundary, subscription.EntriesBilled) : [],
                CountsFor = countsFor,
                IsWithin = schedule.IsWithin(countsFor, boundary),
            });
        }

        return due;
    }

    /// <summary>Ends the time in which usage counts for what falls due, so that an event that comes later is late and never lost.</summary>
    public Task CloseAsync(TenantId tenant, IReadOnlyList<DueCharges> due, CancellationToken cancellationToken) =>
        usage.CloseAsync(tenant, [.. due.SelectMany(item => item.Metered.Select(charge => new ClosedPeriod(item.Subscription.Customer, charge.Price.Metric!.Value, item.Subscription.Id, charge.Period.End)))], cancellationToken);

    /// <summary>The same with what has to be corrected of earlier bills.</summary>
    public async Task<IReadOnlyList<DueCharges>> CorrectAsync(TenantId tenant, IReadOnlyList<DueCharges> due, CancellationToken cancellationToken)
    {
        var policy = (await settings.RecentAsync(tenant, cancellationToken).ConfigureAwait(false)).LateUsage;
        if (policy is LateUsagePolicy.Invoice)
        {
            return due;
        }

        var corrections = await recharges.OfAsync(tenant, [.. due.Select(item => item.Subscription)], areDue: true, cancellationToken).ConfigureAwait(false);
        return corrections.Count == 0 ? due : [.. due.Select(item => item with { Correction = corrections.TryGetValue(item.Subscription.Id, out var correction) ? OnInvoice(correction, policy, item.Subscription.Currency) : null })];
    }

    private static Correction OnInvoice(Correction correction, LateUsagePolicy? policy, Currency currency)
    {
        try
        {
            return policy is LateUsagePolicy.CreditMemo ? correction.Without(correction.Memos(currency)) : correction;
        }
        catch (BillingException)
        {
            // The calculator refuses it too, and the run names the subscription.
            return correction;
        }
    }

    /// <summary>The calculator's requests, with the usage that is known now.</summary>
    /// <param name="tenant">Whose subscriptions they are.</param>
    /// <param name="due">What falls due.</param>
    /// <param name="drafted">Earlier invoices that are not stored, as in a preview of several boundaries.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<InvoiceRequest>> RequestsAsync(TenantId tenant, IReadOnlyList<DueCharges> due, IReadOnlyList<Invoice> drafted, CancellationToken cancellationToken)
    {
        var bound = await BoundAsync(tenant, due, drafted, cancellationToken).ConfigureAwait(false);
        var asked = await usage.RequestsAsync(tenant, [.. due.SelectMany(item => item.Metered.Select(charge => (charge, item.Subscription)))], cancellationToken).ConfigureAwait(false);
        var skip = (await settings.RecentAsync(tenant, cancellationToken).ConfigureAwait(false)).ZeroInvoices is ZeroInvoices.Skip;
        var read = new Queue<RatingInput>(await usage.ReadAsync(tenant, asked, cancellationToken).ConfigureAwait(false));
        return [.. due.Select(item => Request(
            item, bound.GetValueOrDefault(item.Subscription.Id), [.. item.Charges.Select(charge => new ChargedUsage(charge, charge.Price.Metric is null ? default : read.Dequeue()))]) with { SkipZero = skip })];
    }

    /// <summary>The drafts that follow from them; one that cannot be made holds up no other.</summary>
    /// <param name="tenant">Whose subscriptions they are.</param>
    /// <param name="due">What falls due.</param>
    /// <param name="drafted">Earlier invoices that are not stored, as in a preview of several boundaries.</param>
    /// <param name="refused">What is done about what cannot be made.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<List<BoundaryDraft>> DraftsAsync(TenantId tenant, IReadOnlyList<DueCharges> due, IReadOnlyList<Invoice> drafted, Action<DueCharges, BillingException> refused, CancellationToken cancellationToken)
    {
        var drafts = new List<BoundaryDraft>(due.Count);
        foreach (var (item, request) in due.Zip(await RequestsAsync(tenant, due, drafted, cancellationToken).ConfigureAwait(false)))
        {
            try
            {
                drafts.Add(new BoundaryDraft(InvoiceCalculator.Calculate(request), item));
            }
            catch (BillingException exception)
            {
                refused(item, exception);
            }
        }

        return drafts;
    }

    // What follows from earlier bills takes the next number among their corrections, so that of two that saw the same bills only one is stored.
    private async Task<Dictionary<SubscriptionId, BoundBills>> BoundAsync(TenantId tenant, IReadOnlyList<DueCharges> due, IReadOnlyList<Invoice> drafted, CancellationToken cancellationToken)
    {
        var found = new Dictionary<SubscriptionId, BoundBills>();
        var bound = due.Where(item => item.IsBound).ToList();
        var numbers = await earlier.NextNumbersAsync(tenant, [.. bound.Where(item => item.Correction is null).Select(item => item.Subscription.Id)], cancellationToken).ConfigureAwait(false);
        foreach (var item in bound)
        {
            var since = item.Commitments.Select(commitment => commitment.Since).Concat(item.Metered.Concat(item.Dropped).Select(charge => charge.Period.Start)).Min();
            var mine = drafted.Where(invoice => invoice.Subscription == item.Subscription.Id).ToList();
            var number = item.Correction?.Number ?? mine.Select(invoice => invoice.Correction + 1).OfType<int>().Append(numbers[item.Subscription.Id]).Max();
            found[item.Subscription.Id] = await earlier.BoundAsync(item.Subscription, number, since, item.Commitments, mine, cancellationToken).ConfigureAwait(false) with { Until = item.Boundary };
        }

        return found;
    }

    private static InvoiceRequest Request(DueCharges item, BoundBills? bound, ImmutableArray<ChargedUsage> charges)
    {
        var progressed = charges.Select(charge => (Charge: charge, Billed: bound?.Of(charge.Charge) ?? [])).ToLookup(pair => !pair.Billed.IsEmpty);
        var early = bound?.EarlyOf([.. item.Metered, .. item.Dropped], item.Subscription);
        var dropped = item.Dropped.Select(charge => new ChargedUsage(charge, new RatingInput(0)));
        ImmutableArray<CommittedPeriod> commitments = [.. item.Commitments.Select(commitment => commitment.After(bound!.Lines)).Concat(item.Correction?.Commitments ?? []).DistinctBy(commitment => commitment.Of.Period.Start)];
        return new InvoiceRequest
        {
            Tenant = item.Subscription.Tenant,
            Customer = item.Subscription.Customer,
            Subscription = item.Subscription.Id,
            Currency = item.Subscription.Currency,
            Boundary = item.Boundary,
            Sequence = item.Subscription.BoundariesBilled,
            Unused = [.. item.Unused],
            Coupons = [.. item.Subscription.CountingCoupons(item.CountsFor, item.Boundary)],
            CountsFor = item.CountsFor,
            IsWithin = item.IsWithin,
            Recharges = [.. progressed[true].Concat(dropped.Select(charge => (Charge: charge, Billed: bound!.Of(charge.Charge)))).Select(pair => new Recharge(pair.Charge.Charge, pair.Charge.Usage, pair.Billed) { Word = "rest of the usage", Early = early }), .. item.Correction?.Charges ?? []],
            Commitments = commitments,
            Committed = [.. (item.Correction?.Committed ?? []).Concat(bound?.Charging(commitments, item.Subscription, item.Schedule) ?? []).DistinctBy(bill => bill.Invoice.Id)],
            IsBound = item.IsBound,
            Correction = bound?.Number ?? item.Correction?.Number ?? 0,
            Charges = [.. progressed[false].Select(pair => pair.Charge)],
        };
    }
}

/// <summary>What falls due at one boundary of a subscription.</summary>
/// <param name="Subscription">The subscription.</param>
/// <param name="Plans">The versions of its plans.</param>
/// <param name="Schedule">What it is charged, and when.</param>
/// <param name="Boundary">When.</param>
/// <param name="Charges">The prices that fall due; empty where a boundary charges nothing.</param>
internal sealed record DueCharges(Subscription Subscription, PlanVersions Plans, ChargeSchedule Schedule, Instant Boundary, IReadOnlyList<Charge> Charges)
{
    /// <summary>What is given back of what was billed in advance.</summary>
    public IReadOnlyList<UnusedTime> Unused { get; init; } = [];

    /// <summary>The intervals of commitments that end there, and those that ended before and that this draws on.</summary>
    public IReadOnlyList<CommitmentPeriod> Commitments { get; init; } = [];

    /// <summary>Usage that is not charged any more from the boundary on, and may have been billed before its period ended.</summary>
    public IReadOnlyList<Charge> Dropped { get; init; } = [];

    /// <summary>The start of the period that coupons count the invoice for.</summary>
    public Instant CountsFor { get; init; }

    /// <summary>Whether that period goes on after it.</summary>
    public bool IsWithin { get; init; }

    /// <summary>What has to be corrected of earlier bills; null for nothing.</summary>
    public Correction? Correction { get; init; }

    /// <summary>Whether it follows from what was billed before: commitments, and usage that may have been billed in part.</summary>
    public bool IsBound => Commitments.Count > 0 || (Subscription.IsWatched && Metered.Concat(Dropped).Any());

    /// <summary>The subscription after its boundary was billed.</summary>
    public Subscription Billed(BillingOptions options, Invoice? invoice) => Subscription.Billed(Boundary, Plans, Schedule, options, invoice, CountsFor);

    /// <summary>A draft of it with the number among the corrections that is taken as it is billed: by an invoice that has one, and by a correction that comes to nothing.</summary>
    public Invoice Numbered(Invoice draft) => draft.Correction is not null
        ? draft.Lines.IsEmpty ? draft with { Correction = null } : draft
        : draft with { Correction = Correction is { Late.IsEmpty: false } nothing ? nothing.Number : null };

    public IEnumerable<Charge> Metered => Charges.Where(charge => charge.Price.Metric is not null);
}

/// <summary>What was billed before a boundary, and the number that the boundary's invoice takes.</summary>
internal sealed record BoundBills(int Number, List<InvoiceLine> Lines)
{
    /// <summary>The invoices that billed usage before its period ended, the newest first.</summary>
    public List<Invoice> Early { get; init; } = [];

    /// <summary>Up to when changes have taken away what was billed in advance.</summary>
    public Instant Until { get; init; } = Instant.MinValue;

    /// <summary>All invoices, the newest first.</summary>
    public List<Invoice> Bills { get; init; } = [];

    /// <summary>The credit memos of those.</summary>
    public List<CreditMemo> Memos { get; init; } = [];

    /// <summary>The lines of invoices in the place of withdrawn ones, each with the line that it stands for.</summary>
    public IReadOnlyDictionary<InvoiceLineId, InvoiceLineId> Standing { get; init; } = ImmutableDictionary<InvoiceLineId, InvoiceLineId>.Empty;

    /// <summary>What was billed early of charges, and of those that they share early bills with, as one invoice over all of it; null where nothing was.</summary>
    public BilledOrigin? EarlyOf(IReadOnlyList<Charge> charges, Subscription subscription)
    {
        var keys = SharedBy(charges);
        var bills = Early.FindAll(invoice => invoice.Lines.Any(IsMine));
        if (bills.Count == 0)
        {
            return null;
        }

        var periods = charges.ToLookup(KeyOf, charge => charge.Period);
        var lines = bills.SelectMany(invoice => invoice.Lines).Where(IsMine).Select(line => line with { Period = periods[KeyOf(line)].Cast<Interval?>().FirstOrDefault() ?? line.Period }).ToImmutableArray();
        var mine = lines.Select(line => line.Id).ToHashSet();
        var parts = bills.Select(invoice => new BilledOrigin(invoice, subscription.CouponsOf(invoice), [])).ToImmutableArray();
        return new BilledOrigin(bills[0] with { Lines = lines }, [.. parts.SelectMany(part => part.Coupons).DistinctBy(coupon => coupon.Coupon)], [.. Lines.Where(line => line.Corrects is { } id && mine.Contains(id))]) { Bills = parts };

        bool IsMine(InvoiceLine line) => IsEarly(line) && keys.Contains(KeyOf(line));
    }

    /// <summary>The lines over nothing of intervals that were settled with nothing missing, by the bill.</summary>
    public ILookup<InvoiceId, InvoiceLine> Settled { get; init; } = Enumerable.Empty<InvoiceLine>().ToLookup(_ => default(InvoiceId));

    /// <summary>The bills that charged what was missing to intervals that are settled anew, or settled them with nothing missing.</summary>
    public IEnumerable<BilledOrigin> Charging(IEnumerable<CommittedPeriod> commitments, Subscription subscription, ChargeSchedule schedule) => commitments.Select(item => ChargedFor(item.Of, Bills)).OfType<Invoice>()
        .Concat(Bills.Where(bill => Settled.Contains(bill.Id))).DistinctBy(invoice => invoice.Id).Select(invoice => OriginOf(invoice, subscription, schedule, isEarly: false));

    /// <summary>What one document billed a subscription, and what later lines and memos made of it. What is billed of charges that none bills as a whole counts by itself.</summary>
    public BilledOrigin OriginOf(Invoice document, Subscription subscription, ChargeSchedule schedule, bool isEarly)
    {
        var bill = document.PartOf(subscription.Id);
        ImmutableArray<InvoiceLine> billed = [.. bill.Lines.Where(line => IsEarly(line) == isEarly)];
        ImmutableArray<InvoiceLine> own = isEarly ? billed : [.. billed.Concat(SettledCommitment.KnownTo(Lines, bill)).Concat(Settled[bill.Id]).DistinctBy(line => line.Id)];
        var (mine, coupons) = (own.Select(line => line.Id).ToHashSet(), subscription.CouponsOf(bill, schedule, Bills));
        return new BilledOrigin(bill with { Lines = own }, coupons, [.. Lines.Where(line => line.Corrects is { } id && mine.Contains(id))])
        {
            Document = document, GivenBack = GivenBack(own), Had = own.Where(line => line is { InAdvance: true, RefersBack: false, Metric: null, Period: not null, Net.IsZero: true, Amount.IsZero: false }).ToImmutableDictionary(line => line.Id, line => schedule.KeptOf(line, Until)), CountsFor = schedule.CountsFor(bill), Bills = billed.Length == bill.Lines.Length && !isEarly ? [] : [new BilledOrigin(bill, coupons, [])],
        };
    }

    private ImmutableDictionary<InvoiceLineId, Money> GivenBack(ImmutableArray<InvoiceLine> own)
    {
        var given = Lines.Where(line => line.GivesBack is not null).ToLookup(line => Standing.GetValueOrDefault(line.GivesBack!.Value, line.GivesBack.Value), line => -line.Amount);
        var credited = Memos.Where(memo => memo.Status is CreditMemoStatus.Issued).SelectMany(memo => memo.Lines).Where(line => line.Adjustment is null).ToLookup(line => Standing.GetValueOrDefault(line.Line, line.Line));
        return own.Where(line => given[line.Id].Any() || credited[line.Id].Any()).ToImmutableDictionary(line => line.Id, line => given[line.Id].Concat(credited[line.Id].Select(part => part.Of(line))).Aggregate(Money.Zero(line.Amount.Currency), (sum, amount) => sum + amount));
    }

    /// <summary>The bill that charged what was missing to an interval first; null where none did.</summary>
    public static Invoice? ChargedFor(CommitmentPeriod interval, IEnumerable<Invoice> bills) =>
        Earliest(bills, invoice => invoice.Lines.Any(line => line is { Kind: LineKind.Commitment, RefersBack: false } && line.Period == interval.Period));

    /// <summary>The earliest of some bills.</summary>
    public static Invoice? Earliest(IEnumerable<Invoice> bills, Func<Invoice, bool> are) => bills.Where(are).OrderBy(invoice => invoice.CreatedAt).ThenBy(invoice => invoice.Number ?? long.MaxValue).FirstOrDefault();

    /// <summary>The price and start of all that is billed early together with charges, on one bill or by way of others.</summary>
    public HashSet<(PriceId? Price, Instant? Start)> SharedBy(IReadOnlyList<Charge> charges)
    {
        var keys = charges.Select(KeyOf).ToHashSet();
        for (var known = 0; known < keys.Count;)
        {
            known = keys.Count;
            keys.UnionWith(Early.Select(invoice => invoice.Lines.Where(IsEarly).Select(KeyOf).ToList()).Where(own => own.Exists(keys.Contains)).SelectMany(own => own));
        }

        return keys;
    }

    /// <summary>What charges have in common with the lines that bill them, however their period was cut since.</summary>
    public static (PriceId? Price, Instant? Start) KeyOf(Charge charge) => (charge.Price.Id, charge.Period.Start);

    private static (PriceId? Price, Instant? Start) KeyOf(InvoiceLine line) => (line.Price, line.Period?.Start);

    /// <summary>Whether a line bills something of a charge that no bill has as a whole.</summary>
    public static bool IsEarly(InvoiceLine line) => line is { Kind: LineKind.Adjustment, RefersBack: false };

    public ImmutableArray<BilledGroup> Of(Charge charge) =>
        charge.Price.Metric is null ? [] : [.. Lines.Where(line => KeyOf(line) == KeyOf(charge)).Select(BilledGroup.Of)];
}
