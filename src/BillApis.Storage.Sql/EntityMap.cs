using System.Collections.Immutable;
using BillApis.Storage;

namespace BillApis.Storage.Sql;

/// <summary>Where the things of one kind are kept: the table, and what stands in columns of its own beside the body.</summary>
internal sealed record EntityMap<T>(string Table, ImmutableArray<EntityColumn<T>> Columns) where T : class, IEntity<T>
{
    /// <summary>What else in memory a saved thing makes out of date; null where nothing is kept that follows from it.</summary>
    public Func<T, Change>? Outdates { get; init; }

    /// <summary>Whether what is stored never has an alias: SQLite writes the index of a column that an update names, changed or not.</summary>
    public bool IsNameless { get; init; }

    /// <summary>Whether the audit trail tells of its changes; not of what the system keeps for itself.</summary>
    public bool IsAudited { get; init; } = true;

    /// <summary>What bodies were read as, for things that are few and read all the time; null for others.</summary>
    public KnownBodies<T>? Known { get; init; }

    public static EntityMap<T> Of(string table, params ReadOnlySpan<EntityColumn<T>> columns) => new(table, [.. columns]);
}

/// <summary>A column that lists are filtered by or that an index needs: text or bigint, and what fills it.</summary>
internal sealed record EntityColumn<T>(string Name, string Type, Func<T, SqlValue> Value)
{
    /// <summary>Whether what is stored stays: SQLite writes the indexes of all columns that an update names, changed or not.</summary>
    public bool IsFixed { get; init; }

    public static EntityColumn<T> Text<TValue>(string name, Func<T, TValue> value) => new(name, "text", item => value(item)?.ToString());

    public static EntityColumn<T> Number(string name, Func<T, long?> value) => new(name, "bigint", item => value(item));
}
