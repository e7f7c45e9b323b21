using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>A set of prices in one currency that is subscribed to as one, in numbered versions.</summary>
public sealed record Plan : IMasterData<Plan>
{
    /// <summary>The longest trial, in days.</summary>
    public const int MaxTrialDays = 730;

    /// <inheritdoc/>
    public static string Kind => "plan";

    /// <inheritdoc/>
    public static string AliasField => "code";

    /// <summary>The id.</summary>
    public PlanId Id { get; init; } = EntityId.New<PlanId>();

    /// <inheritdoc/>
    public TenantId Tenant { get; init; }

    /// <summary>The tenant's own name for it, without white space.</summary>
    public required string Code { get; init; }

    /// <summary>What customers read.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, in a sentence or two.</summary>
    public string? Description { get; init; }

    /// <summary>The currency of every price in it.</summary>
    public required Currency Currency { get; init; }

    /// <summary>Every version, oldest first; only the last may be a draft.</summary>
    public required ImmutableArray<PlanVersion> Versions { get; init; }

    /// <summary>The plans that its subscriptions may be changed to; empty for every plan that sells one of its products.</summary>
    public ImmutableArray<PlanTransition> Transitions { get; init; } = [];

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>The newest version, draft or not.</summary>
    [JsonIgnore]
    public PlanVersion Latest => Versions[^1];

    /// <summary>The newest published version, which new subscriptions take; null while there is none.</summary>
    [JsonIgnore]
    public PlanVersion? Published => Versions.LastOrDefault(version => version.PublishedAt is not null);

    string IEntity<Plan>.Key => Id.ToString();

    string? IEntity<Plan>.Alias => Code;

    /// <inheritdoc/>
    public Plan WithVersion(long version) => this with { Version = version };

    /// <inheritdoc/>
    public Plan Created(TenantId tenant, Instant at) => this with { Tenant = tenant, CreatedAt = at, Version = 0 };

    /// <inheritdoc/>
    public Plan Archived(Instant at) => this with { ArchivedAt = at };

    /// <summary>Replaces the draft version.</summary>
    /// <exception cref="BillingException">The latest version is published.</exception>
    public Plan WithDraft(Func<PlanVersion, PlanVersion> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Latest.PublishedAt is null
            ? this with { Versions = Versions.SetItem(Versions.Length - 1, change(Latest)) }
            : throw Refused($"version {Latest.Number} is published and never changes; make the next version first");
    }

    /// <summary>Freezes the draft version with its prices as they stand.</summary>
    /// <exception cref="BillingException">The latest version is published already, or the plan is archived or has no prices.</exception>
    public Plan Publish(Instant at)
    {
        if (ArchivedAt is not null)
        {
            throw Refused("it is archived");
        }

        return Latest.Items.IsEmpty ? throw Refused("it has no items to publish") : WithDraft(draft => draft with { PublishedAt = at });
    }

    /// <summary>Adds a draft that starts as a copy of the latest version; running subscriptions keep theirs.</summary>
    /// <exception cref="BillingException">There is a draft already.</exception>
    public Plan NextVersion() => Latest.PublishedAt is null
        ? throw Refused($"version {Latest.Number} is a draft; change or publish that one")
        : this with { Versions = Versions.Add(Latest with { Number = Latest.Number + 1, PublishedAt = null }) };

    /// <inheritdoc/>
    public void Validate()
    {
        Check.Code("code", Code);
        Check.Name("name", Name);
        Check.Text("description", Description);
        Check.Metadata(Metadata);
        Check.Range("trial_days", Latest.TrialDays, 0, MaxTrialDays);
        Check.Range("transitions", Transitions.Length, 0, Limits.ItemsPerPlan);
        Latest.Commitment?.Validate(Currency);
        if (Latest.UsageThreshold is { } threshold && (threshold.MinorUnits <= 0 || threshold.Currency != Currency))
        {
            throw BillingException.Field("usage_threshold", $"must be more than 0 {Currency}");
        }

        Check.Range("items", Latest.Items.Length, 0, Limits.ItemsPerPlan);
        for (var i = 0; i < Latest.Items.Length; i++)
        {
            ValidateItem(i);
        }

        Entitlement.Validate(Latest.Entitlements);
    }

    private void ValidateItem(int index)
    {
        var (price, quantity) = Latest.Items[index];
        Check.Range($"items[{index}].quantity", quantity, 0, Limits.Magnitude);
        if (price.Terms.Currency != Currency)
        {
            throw BillingException.Field($"items[{index}]", $"has a price in {price.Terms.Currency}, but the plan is in {Currency}; a plan has one currency");
        }

        if (Latest.Items.Take(index).Any(item => item.Price.Id == price.Id))
        {
            throw BillingException.Field($"items[{index}]", $"repeats the price '{price.Code}'; a plan holds a price once");
        }
    }

    private BillingException Refused(string why) => new(BillingErrorCode.Conflict, $"The plan '{Code}' cannot be changed: {why}.");
}
