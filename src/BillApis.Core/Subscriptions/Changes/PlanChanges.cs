using BillApis.Invoicing;
using BillApis.Pricing;
using static BillApis.SubscriptionStatus;

namespace BillApis;

/// <summary>Changes of plan by the rules of the plan that a subscription has.</summary>
internal static class PlanChanges
{
    public static IReadOnlyList<TimelineEntry> Of(ChangePlan change, ChangeContext context)
    {
        context.Require("changed", Pending, Trialing, Active, PastDue);
        var target = context.Target!;
        var plan = new PlanRef(target.Plan.Id, target.Version.Number);
        if (plan == context.Subscription.PlanAt(context.Now))
        {
            throw context.Refused($"is on version {plan.Version} of the plan '{target.Plan.Code}' already");
        }

        var rule = RuleOf(target, change, context);
        var at = context.EffectiveAt(change, rule.When);
        var entry = ChangeEntries.Entry(TimelineKind.PlanChanged, at, change, context) with
        {
            Proration = rule.Proration,
            Plan = plan,
            Quantities = PriceChanges.Quantities(change.Quantities, target.Version),
            Restarts = change.Anchor is not null || Restarts(context.Plan, target.Version),
            Anchor = change.Anchor,
        };

        // Of two changes of plan that are ahead only the last counts.
        return [.. context.Scheduled.Where(scheduled => scheduled.Kind is TimelineKind.PlanChanged).Select(scheduled => ChangeEntries.Withdrawn(context, scheduled.Number)), entry];
    }

    /// <summary>Whether periods are counted anew: where the plans do not recur alike.</summary>
    public static bool Restarts(PlanVersion before, PlanVersion after) => !Intervals(before).SetEquals(Intervals(after));

    // What the plan lists is all that it allows; where it lists nothing, plans that sell one of its products are its family. Its own versions always are.
    private static PlanTransition RuleOf(PlanTarget target, ChangePlan change, ChangeContext context)
    {
        var (when, proration) = (change.When ?? ChangeWhen.Immediate, change.Proration ?? ChangeProration.Prorate);
        var own = new PlanTransition(target.Plan.Id, when, proration);
        if (target.Plan.Id == target.Current.Id)
        {
            return own;
        }

        var rules = target.Current.Transitions;
        if (rules.IsEmpty)
        {
            return IsFamily(context.Plan, target.Version) ? own : throw context.Refused(
                $"is on the plan '{target.Current.Code}', which has no transition to '{target.Plan.Code}', and that is of another family: they sell none of the same products");
        }

        var allowed = rules.Where(rule => rule.To == target.Plan.Id).ToList();
        return allowed.Find(rule => (change.At is not null || (change.When ?? rule.When) == rule.When) && (change.Proration ?? rule.Proration) == rule.Proration)
            ?? throw context.Refused($"is on the plan '{target.Current.Code}', {(allowed.Count == 0
                ? $"whose transitions do not lead to '{target.Plan.Code}'"
                : $"which allows a change to '{target.Plan.Code}' by these rules only: {string.Join("; ", allowed.Select(rule => $"when {Wire(rule.When)}, proration {Wire(rule.Proration)}"))}")}");
    }

    private static bool IsFamily(PlanVersion left, PlanVersion right)
    {
        var (mine, others) = (Products(left), Products(right));
        return mine.Overlaps(others) || (mine.Count == 0 && others.Count == 0);
    }

    private static HashSet<ProductId> Products(PlanVersion plan) => [.. plan.Items.Select(item => item.Price.Product).OfType<ProductId>()];

    private static HashSet<BillingInterval> Intervals(PlanVersion plan) => [.. plan.Items.Select(item => item.Price.Terms.Interval).OfType<BillingInterval>()];

    private static string Wire<TEnum>(TEnum value) where TEnum : struct, Enum => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
