namespace BillApis.Pricing;

/// <summary>Names one version of a plan.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Version">The number of the version.</param>
public readonly record struct PlanRef(PlanId Plan, int Version);
