"""Questions of a dashboard over `sales`: short filtered aggregates and look-ups with other literals each time, from a seed. Plain
SQL that every peer reads, each answer in one order only; where nothing is summed up the sum is 0, as ClickHouse has it. Asks
nothing of the peers itself."""

import datetime
import random

TEMPLATES = {
    "daily revenue of a region in a month": """
SELECT sale_date, sum(revenue_cents) FROM sales
WHERE region = '{region}' AND sale_date BETWEEN date '{day}' AND date '{day_29}' GROUP BY sale_date ORDER BY sale_date""",
    "top products of a week": """
SELECT product_id, sum(revenue_cents) AS revenue FROM sales
WHERE sale_date BETWEEN date '{day}' AND date '{day_6}' GROUP BY product_id ORDER BY revenue DESC, product_id LIMIT 10""",
    "one product on one day": """
SELECT customer_id, channel, quantity, revenue_cents FROM sales
WHERE sale_date = date '{day}' AND product_id = {product} ORDER BY customer_id, channel, quantity, revenue_cents LIMIT 50""",
    "one customer in a quarter": """
SELECT count(*), coalesce(sum(revenue_cents), 0) FROM sales
WHERE customer_id = {customer} AND sale_date BETWEEN date '{day}' AND date '{day_89}'""",
    "orders of a channel in a quarter": """
SELECT count(*) FROM sales WHERE channel = '{channel}' AND sale_date BETWEEN date '{day}' AND date '{day_89}'""",
    "figures of a day": """
SELECT count(*), coalesce(sum(quantity), 0), coalesce(max(revenue_cents), 0) FROM sales WHERE sale_date = date '{day}'""",
}

# What takes long: every row is read, and most are grouped, sorted or joined.
LONG = {
    "group": """
SELECT customer_id, product_id, sum(revenue_cents) AS revenue, count(*) FROM sales
GROUP BY customer_id, product_id ORDER BY revenue DESC, customer_id, product_id LIMIT 10""",
    "sort": """
SELECT sale_date, customer_id, product_id, revenue_cents, quantity, discount_pct FROM sales
ORDER BY (revenue_cents * 3 + customer_id) % 1000003, sale_date, customer_id, product_id, revenue_cents, quantity, discount_pct
LIMIT 10 OFFSET {middle}""",
    "window": """
SELECT max(place) FROM (SELECT row_number() OVER (ORDER BY revenue_cents, customer_id) AS place FROM sales) AS placed""",
    "join": """
SELECT count(*) FROM sales AS one JOIN sales AS other ON one.customer_id = other.customer_id AND one.sale_date = other.sale_date""",
}

BOUNDS = """
SELECT min(sale_date), max(sale_date), max(product_id), max(customer_id),
  list(DISTINCT region ORDER BY region), list(DISTINCT channel ORDER BY channel) FROM read_parquet('{files}')"""


def bounds(parquet):
    """What literals may be, from the Parquet files."""
    import duckdb

    return duckdb.sql(BOUNDS.format(files=f"{parquet}/sales/*.parquet")).fetchall()[0]


def questions(parquet, count, seed):
    """So many questions, of every template about equally many."""
    first, last, products, customers, regions, channels = bounds(parquet)
    chance, templates, found = random.Random(seed), list(TEMPLATES.values()), []
    for number in range(count):
        day = first + datetime.timedelta(days=chance.randrange(max((last - first).days - 89, 1)))
        literals = {f"day_{days}": day + datetime.timedelta(days=days) for days in (6, 29, 89)}
        # Few products and customers have most of the sales; a power of an even number leans as much to small ones.
        literals["product"] = 1 + int(products * chance.random() ** 3)
        literals["customer"] = 1 + int(customers * chance.random() ** 3)
        literals.update(day=day, region=chance.choice(regions), channel=chance.choice(channels))
        found.append(templates[number % len(templates)].format(**literals).strip())
    return found


def long_questions(rows):
    """The long ones, for a table of so many rows."""
    return {name: text.format(middle=rows // 2).strip() for name, text in LONG.items()}
