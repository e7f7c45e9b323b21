using System.Net;
using NodaTime;

namespace BillApis;

/// <summary>How the engine behaves where a team may choose.</summary>
public sealed record BillingOptions
{
    /// <summary>Whether this process bills, posts and marks overdue by itself.</summary>
    public bool RunWorker { get; set; } = true;

    /// <summary>How often the worker looks for work, in real time.</summary>
    public Duration WorkerInterval { get; set; } = Duration.FromSeconds(5);

    /// <summary>How long the worker waits after a period's end before it bills usage, so that late events still count.</summary>
    public Duration UsageGrace { get; set; } = Duration.FromHours(1);

    /// <summary>How long the worker leaves a subscription alone that was created with a start in the past, so that its usage can be imported.</summary>
    public Duration BackdatedGrace { get; set; } = Duration.FromHours(1);

    /// <summary>How many subscriptions a run bills in one transaction, 1 to 10,000.</summary>
    public int RunBatchSize { get; set; } = 1_000;

    /// <summary>What is done about usage that comes after its period was billed, where a tenant chose nothing else.</summary>
    public LateUsagePolicy LateUsage { get; set; } = LateUsagePolicy.Adjust;

    /// <summary>How far ahead of the clock an event's timestamp may lie.</summary>
    public Duration FutureSkew { get; set; } = Limits.FutureSkew;

    /// <summary>How many months after a month's end (UTC) its single events are archived, where a tenant chose nothing else; null to keep them forever.</summary>
    public int? UsageRetentionMonths { get; set; }

    /// <summary>The folder that archived events are written to, which all nodes must share; required where usage is not kept forever.</summary>
    public string? UsageArchiveFolder { get; set; }

    /// <summary>How far a start may lie before the creation without counting as one in the past.</summary>
    public Duration BackdatedTolerance { get; set; } = Duration.FromMinutes(5);

    /// <summary>Whether work goes on where it cannot be told in time whether a limit allows it; otherwise it is refused.</summary>
    public bool ReservationsFailOpen { get; set; }

    /// <summary>How long a reservation waits for the database before it is told that nothing can be told, in real time.</summary>
    public Duration ReservationPatience { get; set; } = Duration.FromSeconds(10);

    /// <summary>Networks that URLs which tenants set may lead to although they are not the internet's, like <c>10.1.0.0/16</c>.</summary>
    public IReadOnlyList<IPNetwork> OutgoingNetworks { get; set; } = [];

    /// <summary>Whether URLs that tenants set may be http as well as https.</summary>
    public bool OutgoingHttp { get; set; }
}
