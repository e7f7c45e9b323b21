using System.Text.Json;

namespace BillApis.Storage.Sql;

/// <summary>Things as the rows that they are stored as, made before the transaction that stores them: nobody waits for their spelling.</summary>
internal class EntityRows<T> where T : class, IEntity<T>
{
    private readonly EntityMap<T> _map;
    private readonly (SqlRows Rows, int Row)[] _places;

    public EntityRows(EntityMap<T> map, IReadOnlyList<T> items)
        : this(map, items, place => Spelled(items[place]))
    {
    }

    /// <param name="map">Where they are kept.</param>
    /// <param name="items">The things.</param>
    /// <param name="body">Spells the one at a place.</param>
    protected EntityRows(EntityMap<T> map, IReadOnlyList<T> items, Func<int, byte[]> body)
    {
        string[] columns = ["id text", "alias text", "created_at bigint", "version bigint", .. map.Columns.Select(column => $"{column.Name} {column.Type}"), "body text"];
        (_map, Items, Inserts, Updates, _places) = (map, items, new SqlRows(columns), new SqlRows(columns), new (SqlRows, int)[items.Count]);
        var (keys, values) = (new HashSet<string>(items.Count, StringComparer.Ordinal), new SqlValue[columns.Length]);
        for (var place = 0; place < items.Count; place++)
        {
            var rows = items[place].Version == 0 ? Inserts : Updates;
            _places[place] = (rows, rows.Count);
            Fill(values, items[place], body(place));
            rows.Add(values);
            keys.Add(values[0].Text!);
        }

        AreDistinct = keys.Count == items.Count;
    }

    public IReadOnlyList<T> Items { get; }

    /// <summary>The rows of the new ones.</summary>
    public SqlRows Inserts { get; }

    /// <summary>The rows of those that are changed.</summary>
    public SqlRows Updates { get; }

    /// <summary>Whether none is there twice.</summary>
    public bool AreDistinct { get; }

    /// <summary>Puts what became of the thing at a place into its row.</summary>
    public void Put(int place, T changed)
    {
        var values = new SqlValue[Inserts.Columns.Length];
        Fill(values, changed, Spelled(changed));
        for (var column = 0; column < values.Length; column++)
        {
            this[place, column] = values[column];
        }
    }

    /// <summary>The value of a thing's row.</summary>
    protected SqlValue this[int place, int column]
    {
        set => _places[place].Rows[_places[place].Row, column] = value;
    }

    /// <summary>Where a column stands.</summary>
    protected int ColumnOf(string name) => Inserts.Columns.Select(column => column.Name).ToList().IndexOf(name);

    protected static byte[] Spelled(T item)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(item, BillingJson.Options);
        }
        catch (JsonException unknown)
        {
            throw new ArgumentException($"A value of {typeof(T).Name} is none of its type and cannot be stored: {unknown.Message}", nameof(item), unknown);
        }
    }

    private void Fill(SqlValue[] values, T item, byte[] body)
    {
        (values[0], values[1], values[2], values[3], values[^1]) = (item.Key, item.Alias, item.CreatedAt.ToMicroseconds(), item.Version, SqlValue.OfUtf8(body));
        for (var column = 0; column < _map.Columns.Length; column++)
        {
            values[4 + column] = _map.Columns[column].Value(item);
        }
    }
}
