using System.Collections.Immutable;
using System.Data.Common;
using BillApis.Metering;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Takes in what customers use and answers how much it was.</summary>
public sealed class Usage
{
    private const int ImportBatch = 5_000;
    private readonly IUsageStore _store;
    private readonly MetricCatalog _metrics;
    private readonly CustomerDirectory _customers;
    private readonly FindOwners _owners;
    private readonly Settings _settings;
    private readonly IOptions<BillingOptions> _options;
    private readonly IClock _clock;
    private readonly UsageCorrector _corrector;
    private readonly UsageSignals _signals;
    private readonly UsageRebuilds _rebuilds;

    internal Usage(IUsageStore store, MetricCatalog metrics, CustomerDirectory customers, FindOwners owners, Settings settings, IOptions<BillingOptions> options, IClock clock, UsageSignals signals) =>
        (_store, _metrics, _customers, _owners, _settings, _options, _clock, _corrector, _signals, _rebuilds) =
        (store, metrics, customers, owners, settings, options, clock, new UsageCorrector(store, metrics, clock), signals, new UsageRebuilds(store, metrics, signals));

    /// <summary>Stores a delivery: good events are kept and counted, and each of the others is named. Sending it again changes nothing.</summary>
    /// <exception cref="BillingException">The delivery has more than <see cref="Limits.EventsPerBatch"/> events, or the database cannot be written.</exception>
    public Task<UsageReceipt> RecordAsync(TenantId tenant, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken = default) =>
        RecordAsync(tenant, events, null, _clock.GetCurrentInstant(), stamped => AppendAsync(tenant, stamped, cancellationToken), cancellationToken);

    /// <summary>The same for a delivery that arrived at an instant.</summary>
    internal Task<UsageReceipt> RecordAsync(TenantId tenant, IReadOnlyList<UsageEvent> events, string? sender, Instant at, CancellationToken cancellationToken) =>
        RecordAsync(tenant, events, sender, at, stamped => AppendAsync(tenant, stamped, cancellationToken), cancellationToken);

    /// <summary>Stores a delivery in the caller's own transaction: what the application did and its usage are committed together, or neither is.</summary>
    /// <exception cref="ArgumentException">The transaction is of another database than the one that billing is in.</exception>
    /// <exception cref="BillingException">The delivery has more than <see cref="Limits.EventsPerBatch"/> events.</exception>
    public Task<UsageReceipt> RecordAsync(TenantId tenant, IReadOnlyList<UsageEvent> events, DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return RecordAsync(tenant, events, null, _clock.GetCurrentInstant(), stamped => AppendAsync(tenant, stamped, transaction, cancellationToken), cancellationToken);
    }

    /// <summary>The same for a delivery whose sender may be an alias of a customer: events that name neither a customer nor a subscription are that customer's.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="events">The delivery.</param>
    /// <param name="sender">The id of the credential that the delivery came under.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public Task<UsageReceipt> RecordAsync(TenantId tenant, IReadOnlyList<UsageEvent> events, string sender, CancellationToken cancellationToken = default) =>
        RecordAsync(tenant, events, sender, _clock.GetCurrentInstant(), cancellationToken);

    /// <summary>Takes in a file of any size in bounded memory, and says after each batch how far it came; what makes it go on after a crash is <see cref="UsageImports"/>.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="content">The file.</param>
    /// <param name="file">How it is written.</param>
    /// <param name="name">A name of the file, which ids of events without one are made of: repeating the file under it changes nothing.</param>
    /// <param name="progress">Told the counts after each batch.</param>
    /// <param name="cancellationToken">Stops the import; what was accepted stays.</param>
    /// <exception cref="BillingException">The file is not what it should be; what was accepted stays.</exception>
    /// <exception cref="InvalidDataException">The compressed file is damaged or was cut off; what was accepted stays.</exception>
    public async Task<ImportCounts> ImportAsync(TenantId tenant, Stream content, UsageFile file, string name, IProgress<ImportCounts>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        Check.Code("name", name);
        var (reader, counts) = (new EventFile(content, file, name), new ImportCounts());
        await reader.OpenAsync(0, 0, cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(ImportBatch, cancellationToken).ConfigureAwait(false) is { Count: > 0 } rows)
        {
            var receipt = await RecordAsync(tenant, [.. rows.Select(row => row.Event).OfType<UsageEvent>()], cancellationToken).ConfigureAwait(false);
            counts = counts.Add(rows, receipt, 0, reader);
            progress?.Report(counts);
        }

        return counts;
    }

    /// <summary>Stores one event; the same as a delivery of one.</summary>
    public Task<UsageReceipt> RecordAsync(TenantId tenant, UsageEvent item, CancellationToken cancellationToken = default) => RecordAsync(tenant, [item], cancellationToken);

    /// <summary>Stores one event in the caller's own transaction.</summary>
    public Task<UsageReceipt> RecordAsync(TenantId tenant, UsageEvent item, DbTransaction transaction, CancellationToken cancellationToken = default) =>
        RecordAsync(tenant, [item], transaction, cancellationToken);

    /// <summary>An event as it was sent, with all that was said of it later.</summary>
    /// <exception cref="BillingException">There is no such event.</exception>
    public async Task<StoredEvent> EventAsync(TenantId tenant, string id, string source = UsageEvent.DefaultSource, CancellationToken cancellationToken = default) =>
        await _store.FindEventAsync(tenant, source, id, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound("event", id);

    /// <summary>Takes an event back: it stays on record with the reason, and nothing counts in its place. Safe to repeat.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="id">The id of the event in its source.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="source">The source of the event.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>The event with all that was said of it.</returns>
    /// <exception cref="BillingException">There is no such event.</exception>
    public async Task<StoredEvent> VoidAsync(TenantId tenant, string id, string? reason = null, string source = UsageEvent.DefaultSource, CancellationToken cancellationToken = default) =>
        await _signals.CorrectedAsync(tenant, await _corrector.VoidAsync(tenant, source, id, reason, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>Lets something else count in the place of an event, which stays on record as it was sent. Safe to repeat.</summary>
    /// <returns>The event with all that was said of it.</returns>
    /// <exception cref="BillingException">There is no such event, it was voided, or what is to count is refused.</exception>
    public async Task<StoredEvent> AmendAsync(TenantId tenant, UsageAmendment amendment, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(amendment);
        var amended = await _corrector.AmendAsync(tenant, amendment, (item, received) => StampAsync(tenant, item, received, cancellationToken), cancellationToken).ConfigureAwait(false);
        return await _signals.CorrectedAsync(tenant, amended).ConfigureAwait(false);
    }

    /// <summary>What a customer used, window by window; without groups every window is answered, with them only those that have events.</summary>
    /// <exception cref="BillingException">There is no such customer or metric, the metric is not grouped so, or there are too many windows.</exception>
    public async Task<IReadOnlyList<UsageSummaryRow>> SummaryAsync(TenantId tenant, UsageSummaryQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var customers = await _customers.FindAsync(tenant, [query.Customer], cancellationToken).ConfigureAwait(false);
        if (!customers.TryGetValue(query.Customer, out var customer))
        {
            throw BillingException.NotFound("customer", query.Customer);
        }

        var metric = await _metrics.FindAsync(tenant, query.Metric, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Metric.Kind, query.Metric);
        var period = query.Alignment is WindowAlignment.Expand ? UsageWindows.Expand(query.Period, query.Window, query.Zone) : query.Period;
        var request = new UsageRequest(metric, customer, period) { Subscription = query.Subscription, GroupBy = query.GroupBy, Zone = query.Zone, Recorded = query.Recorded };
        request.Validate();
        var requests = UsageWindows.Of(period, query.Window, query.Zone).Select(window => request with { Period = window }).ToList();
        var readings = await _store.ReadAsync(tenant, requests, cancellationToken).ConfigureAwait(false);
        return [.. readings.SelectMany(reading => reading.Groups.Select(group => new UsageSummaryRow(reading.Request.Period, group.Dimensions, group.Value, group.Events)))];
    }

    /// <summary>Counts the running totals anew from the events, step by step, and tells those that are kept otherwise.</summary>
    public IAsyncEnumerable<RebuiltTotals> VerifyAsync(TenantId tenant, CancellationToken cancellationToken = default) => _rebuilds.RunAsync(tenant, set: false, cancellationToken);

    /// <summary>The same, and sets them; whoever stops it on the way begins again. Billed usage that is set is rated again.</summary>
    public IAsyncEnumerable<RebuiltTotals> RebuildAsync(TenantId tenant, CancellationToken cancellationToken = default) => _rebuilds.RunAsync(tenant, set: true, cancellationToken);

    /// <summary>Lists events, the latest timestamp first.</summary>
    public Task<Page<StoredEvent>> EventsAsync(TenantId tenant, UsageQuery query, CancellationToken cancellationToken = default) => _store.ListEventsAsync(tenant, query, cancellationToken);

    /// <summary>Lists what is kept without being counted, oldest arrival first.</summary>
    public Task<Page<OrphanEvent>> OrphansAsync(TenantId tenant, OrphanQuery query, CancellationToken cancellationToken = default) => _store.ListOrphansAsync(tenant, query, cancellationToken);

    /// <summary>Counts the orphans whose customer, subscription and metric are there by now, and late ones where the tenant does not keep those as orphans any more; safe to repeat.</summary>
    /// <returns>How many events count now.</returns>
    public async Task<int> RecoverOrphansAsync(TenantId tenant, CancellationToken cancellationToken = default)
    {
        var (recovered, after) = (0, (string?)null);
        do
        {
            (var more, after) = await RecoverPageAsync(tenant, after, late: true, cancellationToken).ConfigureAwait(false);
            recovered += more;
        }
        while (after is not null);
        return recovered;
    }

    /// <summary>Gives orphans up: they stay on record with the reason, and are not counted whatever appears later.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="source">The source that the events came from.</param>
    /// <param name="ids">Their ids.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>The ids of those that were open orphans and are discarded now.</returns>
    /// <exception cref="BillingException">The reason or the ids are missing or too long.</exception>
    public async Task<IReadOnlyList<string>> DiscardOrphansAsync(TenantId tenant, string source, IReadOnlyCollection<string> ids, string reason, CancellationToken cancellationToken = default)
    {
        Check.Name("reason", reason);
        Check.Range("ids", ids.Count, 1, Limits.EventsPerBatch);
        return await _store.DiscardAsync(tenant, source, ids, reason, _clock.GetCurrentInstant(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Recovers what can be of one page of orphans; late ones only on request, since their customers are billed for them.</summary>
    internal async Task<(int Recovered, string? Next)> RecoverPageAsync(TenantId tenant, string? after, bool late, CancellationToken cancellationToken)
    {
        var page = await _store.ListOrphansAsync(tenant, new OrphanQuery { Limit = Limits.PageSize, After = after }, cancellationToken).ConfigureAwait(false);
        StoredEvent[] events = [.. page.Items.Where(orphan => orphan.Reason is not OrphanReason.Late).Select(orphan => orphan.Event)];
        var intake = await IntakeAsync(tenant, [.. events.Select(item => item.Event)], _clock.GetCurrentInstant(), cancellationToken).ConfigureAwait(false);
        var stamped = events.Select(item => intake.Stamp(item.Event, out var good, item.RecordedAt) is null ? good : null).OfType<StampedEvent>().Where(item => item.Orphan is null).ToList();
        var recovered = await _store.RecoverAsync(tenant, stamped, cancellationToken).ConfigureAwait(false);
        await _signals.ArrivedAsync(tenant, stamped).ConfigureAwait(false);
        return (recovered + (late ? await RecoverLateAsync(tenant, page.Items.Where(orphan => orphan.Reason is OrphanReason.Late), cancellationToken).ConfigureAwait(false) : 0), page.Next);
    }

    // An event that counts for a metric which is archived by now cannot be measured as a whole any more: it stays.
    private async Task<int> RecoverLateAsync(TenantId tenant, IEnumerable<OrphanEvent> orphans, CancellationToken cancellationToken)
    {
        var events = orphans.GroupBy(orphan => (orphan.Event.Event.Source, orphan.Event.Event.Id))
            .Select(group => (group.First().Event, Metrics: group.Select(orphan => orphan.Metric!.Value).Concat(group.First().Event.Metrics).ToHashSet())).ToList();
        var intake = await IntakeAsync(tenant, [.. events.Select(item => item.Event.Event)], _clock.GetCurrentInstant(), cancellationToken).ConfigureAwait(false);
        var stamped = new List<StampedEvent>();
        foreach (var (stored, metrics) in events)
        {
            if (intake.Stamp(stored.Event, out var good, stored.RecordedAt) is null && good is { Orphan: null, CountsLate: true } && metrics.IsSubsetOf(good.Contributions.Select(part => part.Metric.Id)))
            {
                stamped.Add(good with { Contributions = [.. good.Contributions.Where(part => metrics.Contains(part.Metric.Id))] });
            }
        }

        return await _store.RecoverLateAsync(tenant, stamped, cancellationToken).ConfigureAwait(false);
    }

    private async Task<StampedEvent> StampAsync(TenantId tenant, UsageEvent item, Instant received, CancellationToken cancellationToken)
    {
        var intake = await IntakeAsync(tenant, [item], _clock.GetCurrentInstant(), cancellationToken).ConfigureAwait(false);
        if (intake.Stamp(item, out var stamped, received) is { } wrong)
        {
            throw BillingException.Field(wrong.Field, wrong.Message);
        }

        return stamped!.Orphan switch
        {
            OrphanReason.UnknownCustomer => throw BillingException.Field("customer_id", $"names '{item.Customer}', and there is no such customer"),
            OrphanReason.UnknownSubscription => throw BillingException.Field("subscription_id", $"names '{item.SubscriptionId}', which the customer does not have"),
            _ => stamped,
        };
    }

    /// <summary>Gives events of nobody to the customer that the sender is an alias of.</summary>
    internal async Task<IReadOnlyList<UsageEvent>> WithSenderAsync(TenantId tenant, IReadOnlyList<UsageEvent> events, string? sender, CancellationToken cancellationToken) =>
        sender is not null && events.Any(IsNobodys) && (await _customers.FindAsync(tenant, [sender], cancellationToken).ConfigureAwait(false)).TryGetValue(sender, out var customer)
            ? [.. events.Select(item => IsNobodys(item) ? item with { Customer = customer.ToString() } : item)]
            : events;

    private static bool IsNobodys(UsageEvent item) => item.Customer is "" && item.SubscriptionId is null;

    private async Task<UsageReceipt> RecordAsync(
        TenantId tenant, IReadOnlyList<UsageEvent> events, string? sender, Instant at, Func<IReadOnlyList<StampedEvent>, Task<IReadOnlyList<AppendResult>>> append, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        events = await WithSenderAsync(tenant, events, sender, cancellationToken).ConfigureAwait(false);
        if (events.Count > Limits.EventsPerBatch)
        {
            throw new BillingException(BillingErrorCode.TooLarge, $"A delivery has at most {Limits.EventsPerBatch} events; this one has {events.Count}.");
        }

        var intake = await IntakeAsync(tenant, events, at, cancellationToken).ConfigureAwait(false);
        var receipt = new ReceiptBuilder(events);
        var (stamped, places) = (new List<StampedEvent>(events.Count), new List<int>(events.Count));
        foreach (var (i, (wrong, item)) in intake.Stamp(events).Index())
        {
            if (wrong is not null)
            {
                receipt.Refuse(i, wrong);
                continue;
            }

            stamped.Add(item!);
            places.Add(i);
        }

        var results = await append(stamped).ConfigureAwait(false);
        for (var i = 0; i < results.Count; i++)
        {
            receipt.Add(places[i], results[i]);
        }

        return receipt.Build();
    }

    private async Task<IReadOnlyList<AppendResult>> AppendAsync(TenantId tenant, IReadOnlyList<StampedEvent> stamped, CancellationToken cancellationToken)
    {
        var results = await _store.AppendAsync(tenant, stamped, cancellationToken).ConfigureAwait(false);
        await _signals.ArrivedAsync(tenant, stamped).ConfigureAwait(false);
        return results;
    }

    private async Task<IReadOnlyList<AppendResult>> AppendAsync(TenantId tenant, IReadOnlyList<StampedEvent> stamped, DbTransaction transaction, CancellationToken cancellationToken)
    {
        var results = await _store.AppendAsync(tenant, stamped, transaction, cancellationToken).ConfigureAwait(false);
        _signals.Appended(tenant, stamped);
        return results;
    }

    /// <summary>What decides about these events.</summary>
    internal async Task<Intake> IntakeAsync(TenantId tenant, IReadOnlyList<UsageEvent> events, Instant now, CancellationToken cancellationToken)
    {
        var references = events.Select(item => item.Customer).Where(reference => reference is not null).ToHashSet(StringComparer.Ordinal);
        references.RemoveWhere(reference => EventText.Code("customer_id", reference) is not null);
        var customers = references.Count == 0
            ? ImmutableDictionary<string, CustomerId>.Empty
            : await _customers.FindAsync(tenant, references, cancellationToken).ConfigureAwait(false);
        return new Intake(await _metrics.ActiveAsync(tenant, cancellationToken).ConfigureAwait(false), customers, now, _options.Value.FutureSkew, await OwnersAsync(tenant, events, cancellationToken).ConfigureAwait(false))
        {
            CountsLate = (await _settings.RecentAsync(tenant, cancellationToken).ConfigureAwait(false)).LateUsage is not LateUsagePolicy.Orphan,
        };
    }

    // Whose the subscriptions are that events name: usage of one that is not the customer's would be billed to nobody.
    private async Task<IReadOnlyDictionary<SubscriptionId, CustomerId>> OwnersAsync(TenantId tenant, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        var named = events.Select(item => item.SubscriptionId).OfType<SubscriptionId>().ToHashSet();
        return named.Count == 0 ? ImmutableDictionary<SubscriptionId, CustomerId>.Empty : await _owners(tenant, named, cancellationToken).ConfigureAwait(false);
    }
}
