using System.Collections.Immutable;

namespace BillApis.Scenarios.Commitments;

/// <summary>How a part of a period is measured.</summary>
internal enum Share
{
    Seconds,
    Days,
    Whole,
}

/// <summary>How often something recurs; neither months nor days where it is charged once.</summary>
internal readonly record struct Cycle(int Months, int Days)
{
    public bool IsOnce => this is { Months: 0, Days: 0 };
}

/// <summary>A price as a salesman would write it down: of a thing, or of units that events count.</summary>
internal sealed record SoldPrice(string Code, Cycle Cycle, Share Share, decimal Unit)
{
    public bool InAdvance { get; init; }

    /// <summary>Whether units are counted from events of the type that is called like the price.</summary>
    public bool IsUsage { get; init; }

    public decimal Quantity { get; init; } = 1;

    /// <summary>Up to which unit the price of a unit counts; above it <see cref="Above"/> does, and its fee is due once.</summary>
    public decimal? Bound { get; init; }

    public decimal Above { get; init; }

    public decimal Fee { get; init; }

    /// <summary>How many units are sold at once; one price is for all of them.</summary>
    public decimal? Package { get; init; }

    public decimal? Least { get; init; }

    public decimal? Most { get; init; }
}

/// <summary>The least that everything comes to in each of its cycles.</summary>
internal sealed record SoldCommitment(decimal Amount, Cycle Cycle, Share Share);

/// <summary>Prices that are sold together.</summary>
internal sealed record SoldPlan(string Code, ImmutableArray<SoldPrice> Prices, SoldCommitment? Commitment);

/// <summary>What can happen to a subscription.</summary>
internal enum Turn
{
    Plan,
    Quantity,
    Pause,
    Resume,
    End,
}

/// <summary>Something that happened to it, and since when that was known.</summary>
internal sealed record Happened(DateTime At, DateTime Known, Turn Turn)
{
    public SoldPlan? Plan { get; init; }

    public string Price { get; init; } = "";

    public decimal Quantity { get; init; }
}

/// <summary>All that is known of a subscription in the end: what was used when, and which terms held when.</summary>
internal sealed record Facts(string Customer, DateTime Start, bool IsCalendar, SoldPlan Plan, SoldCommitment? Commitment)
{
    public List<Happened> Happened { get; } = [];

    /// <summary>The id of each event, with its price, time and units.</summary>
    public Dictionary<string, (string Price, DateTime At, decimal Units)> Used { get; } = [];
}
