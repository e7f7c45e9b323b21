using System.Collections.Immutable;
using BillApis.Pricing;

namespace BillApis.Invoicing;

/// <summary>The versions of plans that a subscription goes through.</summary>
/// <param name="First">The one that it began with.</param>
public sealed record PlanVersions(PlanVersion First)
{
    /// <summary>Those that it was changed to, and will be.</summary>
    public ImmutableDictionary<PlanRef, PlanVersion> Later { get; init; } = ImmutableDictionary<PlanRef, PlanVersion>.Empty;

    /// <summary>One of them; the first where none is named.</summary>
    public PlanVersion this[PlanRef? plan] => plan is { } later ? Later[later] : First;

    /// <summary>Those of a subscription that keeps its plan.</summary>
    public static PlanVersions FromPlanVersion(PlanVersion only) => new(only);

    /// <summary>Those of a subscription that keeps its plan.</summary>
    public static implicit operator PlanVersions(PlanVersion only) => new(only);
}
